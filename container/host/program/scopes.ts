/** Scopes that the host itself asks for before a call reaches its capability, whatever the frame says. */
export const CALL_SCOPES: { readonly [call: string]: string } = {
  getLocation: 'scope.userLocation',
  chooseLocation: 'scope.userLocation',
  startLocationUpdate: 'scope.userLocation',
  startLocationUpdateBackground: 'scope.userLocationBackground',
  startRecord: 'scope.record',
  saveImageToPhotosAlbum: 'scope.writePhotosAlbum',
  saveVideoToPhotosAlbum: 'scope.writePhotosAlbum',
  openBluetoothAdapter: 'scope.bluetooth',
  addPhoneContact: 'scope.addPhoneContact',
  addPhoneCalendar: 'scope.addPhoneCalendar',
  getWeRunData: 'scope.werun',
}
