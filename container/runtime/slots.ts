/**
 * A `<slot>` inside a built-in (`<scroll-view><slot/></scroll-view>`): glass-easel 0.12 puts children that come later
 * into the built-in's host element instead of the element in which the built-in keeps its children.
 */
import { Component, Element, type GeneralComponent } from 'glass-easel'
import { builtinOf } from '../components/kit'

type NearestElement = (from: Element) => unknown

const glass = Element as unknown as { findNearestNonVirtual: NearestElement }
const nearest = glass.findNearestNonVirtual

glass.findNearestNonVirtual = (from) => {
  const dom = nearest.call(Element, from)
  if (!(dom instanceof Node)) return dom
  const builtin = builtinOf(dom)
  // Asked about a built-in itself, glass-easel means its host.
  const itself = Component.isComponent(from) && builtin?.component === (from as GeneralComponent)
  return builtin && !itself ? builtin.slot : dom
}
