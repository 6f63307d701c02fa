/** The share menu. What is shared comes from the page's onShareAppMessage; the host shows the menu. */
import type { AreaFactory } from '../kit'
import { fail, requireParameter } from '../kit'
import { fileName } from '../files/paths'
import { localBlob } from '../media/source'
import { wxArea } from '../typed'
import { followSharing } from './share-page'

export const share: AreaFactory = (rt) => {
  followSharing(rt)
  const menu = (visible: boolean, menus: string[]) => rt.call('shareMenu', { visible, menus }).then(() => undefined)
  const file = async (filePath: string, name?: string) =>
    void (await rt.call('shareFile', { data: localBlob(rt, filePath), name: name ?? fileName(filePath) }))

  return wxArea({
    async: {
      showShareMenu: ({ menus = ['shareAppMessage'] }) => menu(true, menus as string[]),
      hideShareMenu: ({ menus = ['shareAppMessage', 'shareTimeline'] }: any) => menu(false, menus),
      updateShareMenu: () => undefined,
      getShareInfo: () => { throw fail('no shareTicket') },
      getGroupEnterInfo: () => { throw fail('not entered from a group') },
      showShareImageMenu: (options) => {
        requireParameter(options, 'path', 'String')
        return file(options.path)
      },
      shareFileMessage: (options) => {
        requireParameter(options, 'filePath', 'String')
        return file(options.filePath, options.fileName)
      },
      shareVideoMessage: (options) => {
        requireParameter(options, 'videoPath', 'String')
        return file(options.videoPath)
      },
    },
    partial: {
      updateShareMenu: 'there are no conversations in which a card could change',
      showShareImageMenu: 'uses the device\'s share sheet, else saves the picture',
      shareFileMessage: 'uses the device\'s share sheet, else saves the file',
      shareVideoMessage: 'uses the device\'s share sheet, else saves the video',
    },
  })
}
