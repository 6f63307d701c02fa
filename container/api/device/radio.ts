/**
 * Bluetooth, Wi-Fi, NFC, beacons, local services, sockets of other kinds: a web page has none of them. Each function
 * fails as WeChat does on a phone where the hardware is missing or switched off.
 */
import type { Area, AreaFactory } from '../kit'
import { fail, publish } from '../kit'
import { Listeners } from '../listeners'
import { quietly } from '../quietly'

interface Family {
  /** functions that fail, and with what */
  names: string[]
  reason: string
  errCode: number
  errno?: number
}

const FAMILIES: Family[] = [
  { names: ['openBluetoothAdapter'], reason: 'not available', errCode: 10001, errno: 1509007 },
  {
    names: [
      'closeBluetoothAdapter',
      'getBluetoothAdapterState',
      'startBluetoothDevicesDiscovery',
      'stopBluetoothDevicesDiscovery',
      'getBluetoothDevices',
      'getConnectedBluetoothDevices',
      'createBLEConnection',
      'closeBLEConnection',
      'getBLEDeviceServices',
      'getBLEDeviceCharacteristics',
      'readBLECharacteristicValue',
      'writeBLECharacteristicValue',
      'notifyBLECharacteristicValueChange',
      'getBLEDeviceRSSI',
      'getBLEMTU',
      'setBLEMTU',
      'makeBluetoothPair',
      'isBluetoothDevicePaired',
      'createBLEPeripheralServer',
    ],
    reason: 'not init',
    errCode: 10000,
    errno: 1500101,
  },
  { names: ['startBeaconDiscovery'], reason: 'unsupport', errCode: 11000 },
  { names: ['stopBeaconDiscovery', 'getBeacons'], reason: 'not started beacon discovery', errCode: 11005 },
  { names: ['startWifi'], reason: 'not support', errCode: 12001 },
  {
    names: ['stopWifi', 'connectWifi', 'getWifiList', 'setWifiList', 'getConnectedWifi', 'presetWifiList'],
    reason: 'not invoke startWifi',
    errCode: 12000,
  },
  {
    names: ['getHCEState', 'startHCE', 'stopHCE', 'sendHCEMessage'],
    reason: 'the current device does not support NFC',
    errCode: 13000,
  },
  { names: ['startLocalServiceDiscovery', 'stopLocalServiceDiscovery'], reason: 'not support', errCode: -1 },
]

const EVENTS = [
  'BluetoothAdapterStateChange', 'BluetoothDeviceFound', 'BLEConnectionStateChange', 'BLECharacteristicValueChange',
  'BLEMTUChange', 'BLEPeripheralConnectionStateChanged', 'BeaconUpdate', 'BeaconServiceChange', 'GetWifiList',
  'WifiConnected', 'WifiConnectedWithPartialInfo', 'HCEMessage', 'LocalServiceFound', 'LocalServiceLost',
  'LocalServiceResolveFail', 'LocalServiceDiscoveryStop',
]

export const radio: AreaFactory = (rt): Area => {
  const area: Required<Pick<Area, 'sync' | 'partial'>> = { sync: {}, partial: {} }
  for (const { names, reason, errCode, errno } of FAMILIES) {
    for (const name of names) {
      area.sync[name] = quietly(publish(rt, name, () => { throw fail(reason, errno, { errCode }) }))
      area.partial[name] = 'a web page has no such hardware; fails as on a phone without it'
    }
  }
  for (const name of EVENTS) {
    const listeners = new Listeners(rt, `on${name}`)
    area.sync[`on${name}`] = listeners.on
    area.sync[`off${name}`] = listeners.off
    area.partial[`on${name}`] = 'never fires: a web page has no such hardware'
  }
  return area
}
