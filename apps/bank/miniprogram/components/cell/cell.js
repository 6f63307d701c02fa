/** A label and a value. `link`: it can be tapped; `arrow`: what it is in can be. */
Component({ properties: { label: String, value: String, link: Boolean, arrow: Boolean } })
