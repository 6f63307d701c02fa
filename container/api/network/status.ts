/** Network type and its changes. */
import type { AreaFactory } from '../kit'
import { Listeners } from '../listeners'
import { wxArea } from '../typed'

export const networkStatus: AreaFactory = (rt) => {
  const changes = new Listeners<any>(rt, 'onNetworkStatusChange')
  const weak = new Listeners<any>(rt, 'onNetworkWeakChange')
  rt.on('network', ({ isConnected, networkType, weakNet }) => {
    changes.emit({ isConnected, networkType })
    if (typeof weakNet === 'boolean') weak.emit({ weakNet, networkType })
  })

  return wxArea({
    async: {
      getNetworkType: () => ({
        networkType: rt.network.networkType as 'wifi', signalStrength: 0, hasSystemProxy: false, weakNet: false,
      }),
      getLocalIPAddress: () => rt.call('getLocalIPAddress'),
    },
    sync: {
      onNetworkStatusChange: changes.on,
      offNetworkStatusChange: changes.off,
      onNetworkWeakChange: weak.on,
      offNetworkWeakChange: weak.off,
    },
  })
}
