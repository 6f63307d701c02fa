/**
 * Scopes that the host asks for before a call reaches its capability: a second lock beside the capability's own.
 * Only calls that always need the scope; the rest (startLocationUpdate in the background, login) ask themselves.
 */
export const CALL_SCOPES: { readonly [call: string]: string } = {
  getLocation: 'scope.userLocation',
  chooseLocation: 'scope.userLocation',
  getFuzzyLocation: 'scope.userFuzzyLocation',
  recorderStart: 'scope.record',
  saveImageToPhotosAlbum: 'scope.writePhotosAlbum',
  saveVideoToPhotosAlbum: 'scope.writePhotosAlbum',
  addPhoneContact: 'scope.addPhoneContact',
  addPhoneCalendar: 'scope.addPhoneCalendar',
  getWeRunData: 'scope.werun',
}
