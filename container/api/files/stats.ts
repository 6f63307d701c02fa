/// <reference types="miniprogram-api-typings" />
/** POSIX st_mode of folders and files. */
const MODE_DIRECTORY = 0o040755
const MODE_FILE = 0o100644

export const stats = (size: number, modified: number, directory: boolean): WechatMiniprogram.Stats => ({
  mode: directory ? MODE_DIRECTORY : MODE_FILE,
  size,
  lastAccessedTime: Math.floor(modified / 1000),
  lastModifiedTime: Math.floor(modified / 1000),
  isDirectory: () => directory,
  isFile: () => !directory,
})
