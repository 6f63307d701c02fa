/** Failures of the file system with the numbers that WeChat documents for FileSystemManager. */
import { fail } from '../kit'

export const noSuchFile = (detail: string) => fail(`no such file or directory, ${detail}`, 1300002)
export const notPermitted = (detail: string) => fail(`operation not permitted, ${detail}`, 1300001)
export const denied = (detail: string) => fail(`permission denied, ${detail}`, 1300013)
export const notDirectory = (detail: string) => fail(`not a directory, ${detail}`, 1300020)
export const isDirectory = (detail: string) => fail(`illegal operation on a directory, ${detail}`, 1301003)
export const notEmpty = () => fail('directory not empty', 1300066)
export const alreadyExists = (path: string) => fail(`file already exists ${path}`, 1301005)
export const storageFull = () => fail('the maximum size of the file storage limit is exceeded', 1300202)
export const badDescriptor = () => fail('bad file descriptor', 1300009)
export const outOfRange = (what: 'length' | 'offset' | 'position') =>
  fail(`value of ${what} is out of range`, { length: 1301006, offset: 1301007, position: 1301009 }[what])
