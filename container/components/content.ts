/** Every built-in component that is not part of a form (those are in ./forms). */
import { Canvas } from './canvas'
import { CoverView } from './cover-view'
import { GESTURE_HANDLERS } from './gesture-handler'
import { Icon } from './icon'
import { CoverImage, Image } from './image'
import type { BuiltinClass } from './kit'
import {
  DraggableSheet, GridBuilder, GridView, ListBuilder, ListView, NestedScrollBody, NestedScrollHeader, OpenContainer,
  Selection, ShareElement, Snapshot, StickyHeader, StickySection,
} from './layout'
import { Map } from './map/map'
import { MatchMedia } from './match-media'
import { Audio } from './media/audio'
import { Camera } from './media/camera'
import { ChannelLive, ChannelVideo, LivePlayer, LivePusher, VoipRoom } from './media/live'
import { Video } from './media/video'
import { MovableArea, MovableView } from './movable'
import { Ad, AdCustom, OfficialAccount, OpenData } from './open-data'
import { NavigationBar, PageMeta } from './page-meta'
import { PageContainer, RootPortal } from './portal'
import { Progress } from './progress'
import { RichText } from './rich-text/rich-text'
import { ScrollView } from './scroll-view/scroll-view'
import { Swiper, SwiperItem } from './swiper'
import { Span, Text } from './text'
import { View } from './view'
import { WebView } from './web-view'

export { Inert } from './view'

export const CONTENT_COMPONENTS: BuiltinClass[] = [
  View, Text, Span, Image, Icon, ScrollView, Swiper, SwiperItem, MovableArea, MovableView, Progress, RichText,
  CoverView, CoverImage, Canvas, Video, Audio, Camera, LivePlayer, LivePusher, ChannelLive, ChannelVideo, VoipRoom,
  Map, WebView, OpenData, Ad, AdCustom, OfficialAccount, PageMeta, NavigationBar, MatchMedia, RootPortal, PageContainer,
  StickySection, StickyHeader, ListView, ListBuilder, GridView, GridBuilder, Snapshot, ShareElement, OpenContainer,
  Selection, NestedScrollHeader, NestedScrollBody, DraggableSheet, ...GESTURE_HANDLERS,
]
