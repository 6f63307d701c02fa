/** Every built-in component that is not part of a form (those are in ./forms). */
import type { BuiltinClass } from './kit'
import { Icon } from './icon'
import { CoverImage, Image } from './image'
import { MovableArea, MovableView } from './movable'
import { Progress } from './progress'
import { RichText } from './rich-text/rich-text'
import { ScrollView } from './scroll-view/scroll-view'
import { Swiper, SwiperItem } from './swiper'
import { Span, Text } from './text'
import { View } from './view'

export { Inert } from './view'

export const CONTENT_COMPONENTS: BuiltinClass[] = [
  View, Text, Span, Image, CoverImage, Icon, ScrollView, Swiper, SwiperItem, MovableArea, MovableView, Progress, RichText,
]
