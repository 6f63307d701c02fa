Component({ properties: { label: String, value: String, link: Boolean } })
