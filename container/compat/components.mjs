/**
 * Every built-in component of WeChat with its documented attributes (events without "bind"), by group. The typings
 * do not know components, so this list is kept by hand after the component reference.
 */
const list = (text) => text.trim().split(/\s+/)

export const DOCUMENTED = {
  'View containers': {
    view: list('hover-class hover-stop-propagation hover-start-time hover-stay-time'),
    'scroll-view': list(`scroll-x scroll-y upper-threshold lower-threshold scroll-top scroll-left scroll-into-view
      scroll-into-view-offset scroll-with-animation enable-back-to-top enable-passive refresher-enabled
      refresher-threshold refresher-default-style refresher-background refresher-triggered bounces show-scrollbar
      fast-deceleration paging-enabled enhanced enable-flex scroll-anchoring type using-sticky`),
    swiper:
      list(`indicator-dots indicator-color indicator-active-color autoplay current interval duration circular vertical
      display-multiple-items previous-margin next-margin snap-to-edge easing-function`),
    'swiper-item': list('item-id skip-hidden-item-layout'),
    'movable-area': list('scale-area'),
    'movable-view': list(
      `direction inertia out-of-bounds x y damping friction disabled scale scale-min scale-max scale-value animation`,
    ),
    'cover-view': list('scroll-top'),
    'cover-image': list('src referrer-policy'),
    'match-media': list('min-width max-width width min-height max-height height orientation'),
    'page-container': list(
      `show duration z-index overlay position round close-on-slide-down overlay-style custom-style`,
    ),
    'root-portal': list('enable'),
    'share-element': list('key transform duration easing-function'),
    'sticky-section': list('push-pinned-header'),
    'sticky-header': list('offset-top'),
    'list-view': list('padding'),
    'list-builder': list('list child-count child-height padding'),
    'grid-view': list('type cross-axis-count max-cross-axis-extent main-axis-gap cross-axis-gap padding'),
    'grid-builder': list(
      `type list child-count cross-axis-count max-cross-axis-extent main-axis-gap cross-axis-gap padding`,
    ),
    'nested-scroll-header': [],
    'nested-scroll-body': [],
    'draggable-sheet': list('initial-child-size min-child-size max-child-size snap snap-sizes'),
    'open-container': list(
      `transition-type transition-duration closed-color closed-elevation closed-border-radius middle-color open-color
      open-elevation open-border-radius`,
    ),
    snapshot: list('mode'),
    span: [],
    selection: [],
  },
  'Basic content': {
    icon: list('type size color'),
    text: list('selectable user-select space decode overflow max-lines'),
    'rich-text': list('nodes space user-select mode'),
    progress:
      list(`percent show-info border-radius font-size stroke-width color activeColor backgroundColor active active-mode
      duration`),
  },
  Forms: {
    button:
      list(`size type plain disabled loading form-type open-type hover-class hover-stop-propagation hover-start-time
      hover-stay-time lang session-from send-message-title send-message-path send-message-img app-parameter
      show-message-card phone-number-no-quota-toast business-id activity-type need-show-entrance entrance-path`),
    checkbox: list('value disabled checked color'),
    'checkbox-group': [],
    editor: list('read-only placeholder show-img-size show-img-toolbar show-img-resize'),
    form: list('report-submit report-submit-timeout'),
    input: list(`value type password placeholder placeholder-style placeholder-class disabled maxlength cursor-spacing
      auto-focus
      focus confirm-type always-embed confirm-hold cursor cursor-color selection-start selection-end adjust-position
      hold-keyboard
      safe-password-cert-path safe-password-length safe-password-time-stamp safe-password-nonce safe-password-salt
      safe-password-custom-hash`),
    'keyboard-accessory': [],
    label: list('for'),
    picker: list('mode disabled header-text range range-key value start end fields custom-item level'),
    'picker-view': list('value mask-class indicator-style indicator-class mask-style immediate-change'),
    'picker-view-column': [],
    radio: list('value checked disabled color'),
    'radio-group': [],
    slider: list(`min max step disabled value color selected-color activeColor backgroundColor block-size block-color
      show-value`),
    switch: list('checked disabled type color'),
    textarea:
      list(`value placeholder placeholder-style placeholder-class disabled maxlength auto-focus focus auto-height fixed
      cursor-spacing cursor show-confirm-bar selection-start selection-end adjust-position hold-keyboard
      disable-default-padding confirm-type confirm-hold`),
  },
  Navigation: {
    navigator:
      list(`target url open-type delta app-id path extra-data version short-link hover-class hover-stop-propagation
      hover-start-time hover-stay-time`),
    'functional-page-navigator': list('version name args'),
  },
  Media: {
    audio: list('id loop controls poster name author src'),
    camera: list('mode resolution device-position flash frame-size'),
    'channel-live': list('feed-id finder-user-name'),
    'channel-video': list('feed-id finder-user-name feed-token autoplay loop muted object-fit'),
    image: list('src mode webp lazy-load show-menu-by-longpress fade-in'),
    'live-player': list(
      `src mode autoplay muted orientation object-fit background-mute min-cache max-cache sound-mode`,
    ),
    'live-pusher': list(
      `url mode autopush muted enable-camera auto-focus orientation beauty whiteness aspect device-position`,
    ),
    video: list(`src duration controls danmu-list danmu-btn enable-danmu autoplay loop muted initial-time page-gesture
      direction
      show-progress show-fullscreen-btn show-play-btn show-center-play-btn enable-progress-gesture object-fit poster
      show-mute-btn
      title play-btn-position enable-play-gesture auto-pause-if-navigate auto-pause-if-open-native vslide-gesture
      vslide-gesture-in-fullscreen ad-unit-id poster-for-crawler show-casting-button picture-in-picture-mode
      picture-in-picture-show-progress enable-auto-rotation show-screen-lock-button show-snapshot-button
      show-background-playback-button background-poster`),
    'voip-room': list('openid mode device-position object-fit'),
  },
  'Maps and canvas': {
    map: list(`longitude latitude scale min-scale max-scale markers covers polyline circles controls include-points
      show-location polygons subkey layer-style rotate skew enable-3D show-compass show-scale enable-overlooking
      enable-auto-max-overlooking enable-zoom enable-scroll enable-rotate enable-satellite enable-traffic enable-poi
      enable-building setting`),
    canvas: list('type canvas-id disable-scroll'),
  },
  'Page and accessibility': {
    'page-meta':
      list(`background-text-style background-color background-color-top background-color-bottom root-background-color
      scroll-top scroll-duration page-style page-font-size page-orientation root-font-size`),
    'navigation-bar': list(
      `title loading front-color background-color color-animation-duration color-animation-timing-func`,
    ),
  },
  'Open interfaces': {
    'web-view': list('src'),
    ad: list('unit-id ad-intervals ad-type ad-theme'),
    'ad-custom': list('unit-id ad-intervals'),
    'official-account': [],
    'official-account-publish': [],
    'open-data': list('type open-gid lang default-text default-avatar'),
    'open-data-list': [],
    'open-data-item': [],
    'store-home': list('appid'),
    'store-product': list('appid product-id'),
    'store-coupon': list('appid coupon-id'),
    'store-gift': list('appid'),
  },
  Gestures: {
    'tap-gesture-handler': list('tag worklet:ongesture'),
    'double-tap-gesture-handler': list('tag worklet:ongesture'),
    'long-press-gesture-handler': list('tag worklet:ongesture'),
    'pan-gesture-handler': list('tag worklet:ongesture'),
    'scale-gesture-handler': list('tag worklet:ongesture'),
    'force-press-gesture-handler': list('tag worklet:ongesture'),
    'horizontal-drag-gesture-handler': list('tag worklet:ongesture'),
    'vertical-drag-gesture-handler': list('tag worklet:ongesture'),
  },
}

/** What a component cannot do in a browser although it is there. */
export const LIMITS = {
  camera: "takes pictures and videos through the device's own camera view; no live picture, no frames",
  'live-player': 'browsers play no RTMP or FLV streams: a placeholder',
  'live-pusher': 'browsers push no RTMP streams: a placeholder',
  'channel-live': 'a service of WeChat: a placeholder',
  'channel-video': 'a service of WeChat: a placeholder',
  'voip-room': 'a service of WeChat: a placeholder',
  ad: 'there is no advertisement service: takes no room and fires `error`',
  'ad-custom': 'there is no advertisement service: takes no room and fires `error`',
  'official-account': 'a service of WeChat: takes no room and fires `error`',
  'open-data': 'shows what the host tells of the person, otherwise its default text',
  'functional-page-navigator': 'asks the host as `wx` functions do; there are no plugins to use it in',
  editor: '`insertCustomBlock` fails',
  input: '`safe-password` takes its keys from the phone, not from a certificate; nicknames pass without a review',
  picker: 'region: `sub-district` ends at districts, and there are no postcodes',
  'share-element': 'shows its content; pages change without a shared movement',
  'open-container': 'shows its content; pages change without a container transform',
  snapshot: 'shows its content; takes no picture',
  'force-press-gesture-handler': 'browsers do not tell how hard a finger presses',
}

/** Attributes that every component understands, with or without a declaration of its own. */
export const COMMON = new Set(['id', 'class', 'style', 'hidden', 'animation'])
