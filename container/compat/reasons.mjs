const SERVICES = [
  'Sticker',
  'Channels',
  'OfficialAccount',
  'RedPackage',
  'WeRun',
  'Group',
  'ChatTool',
  'Chat\\b',
  'CustomerService',
  'Inquiries',
  'Poster',
  'Favorites',
  'Emoji',
  'Employee',
  'Designer',
  'Store',
  'OfflinePay',
  'AppleSubscribe',
  'Merchant',
  'WeChatApp',
]

const RULES = [
  [/HCE|NFC|SecureElement|TransitCard|PaymentPass|Soter/, 'no access to secure elements, NFC or SOTER from a web page'],
  [/VoIP|1v1Chat/, 'calls are a service of WeChat'],
  [/Bluetooth|BLE|Beacon/, 'not yet'],
  [/Wifi|LocalService|LocalIP|UDP|TCP/, 'a web page cannot reach the network below HTTP'],
  [new RegExp(SERVICES.join('|'), 'i'), 'a service of WeChat'],
  [/VK|FaceDetect|faceDetect|Facial|Inference|XrFrame/, "needs WeChat's own engine"],
  [/Skyline/, 'there is no Skyline'],
  [/Ad$|RewardedVideo|Interstitial|SplashAd/, 'there is no advertisement service'],
  [/Plugin/, 'plugins run in WeChat only'],
  [/KeyDown|KeyUp|WindowState|ParallelState|setWindowSize/, 'belongs to WeChat on a PC'],
]

/** Why Eden has not got an API: the first rule that fits its name. */
export const reasonFor = (name) => RULES.find(([pattern]) => pattern.test(name))?.[1] ?? 'not yet'
