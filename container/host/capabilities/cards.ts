/** Contacts as vCard 3.0 (RFC 2426), calendar entries as iCalendar (RFC 5545). Pure. */

type Fields = { [name: string]: string }

const escape = (value: string): string => value.replace(/[\\;,]/g, '\\$&').replace(/\r?\n/g, '\\n')

const lines = (all: (string | false | undefined)[]): string => `${all.filter(Boolean).join('\r\n')}\r\n`

const TELEPHONES: [field: string, type: string][] = [
  ['mobilePhoneNumber', 'CELL'], ['workPhoneNumber', 'WORK'], ['homePhoneNumber', 'HOME'], ['hostNumber', 'MAIN'],
  ['workFaxNumber', 'WORK,FAX'], ['homeFaxNumber', 'HOME,FAX'],
]

/** Fields are the options of wx.addPhoneContact. */
export function contactFile(fields: Fields): string {
  const get = (name: string): string => escape(fields[name] ?? '')
  const full = [fields.lastName, fields.middleName, fields.firstName].filter(Boolean).join('')
  const address = (kind: string): string =>
    `;;${['Street', 'City', 'State', 'PostalCode', 'Country'].map((part) => get(kind + part)).join(';')}`
  return lines([
    'BEGIN:VCARD',
    'VERSION:3.0',
    `N:${get('lastName')};${get('firstName')};${get('middleName')};;`,
    `FN:${escape(full)}`,
    fields.nickName && `NICKNAME:${get('nickName')}`,
    fields.organization && `ORG:${get('organization')}`,
    fields.title && `TITLE:${get('title')}`,
    fields.email && `EMAIL:${get('email')}`,
    fields.url && `URL:${get('url')}`,
    fields.remark && `NOTE:${get('remark')}`,
    ...TELEPHONES.map(([field, type]) => fields[field] && `TEL;TYPE=${type}:${get(field)}`),
    ...(['home', 'work'] as const).map(
      (kind) => fields[`${kind}AddressCity`] && `ADR;TYPE=${kind.toUpperCase()}:${address(`${kind}Address`)}`,
    ),
    'END:VCARD',
  ])
}

const FREQUENCIES: { [interval: string]: string } = { day: 'DAILY', week: 'WEEKLY', month: 'MONTHLY', year: 'YEARLY' }

/** 20260102T030405Z of seconds since 1970. */
const stamp = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(/[-:]|\.\d+/g, '')

/** Fields are the options of wx.addPhoneCalendar and wx.addPhoneRepeatCalendar; times in seconds, now in ms. */
export function calendarFile(fields: Fields, now: number): string {
  const start = Number(fields.startTime)
  const end = Number(fields.endTime ?? start + 3600)
  const allDay = fields.allDay === 'true'
  const time = (name: string, seconds: number): string =>
    allDay ? `${name};VALUE=DATE:${stamp(seconds).slice(0, 8)}` : `${name}:${stamp(seconds)}`
  const frequency = FREQUENCIES[fields.repeatInterval ?? '']
  const until = fields.repeatEndTime ? `;UNTIL=${stamp(Number(fields.repeatEndTime))}` : ''
  return lines([
    'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Eden//EN', 'BEGIN:VEVENT',
    `UID:${now}-${start}@eden`, `DTSTAMP:${stamp(now / 1000)}`, time('DTSTART', start), time('DTEND', end),
    `SUMMARY:${escape(fields.title ?? '')}`,
    fields.description && `DESCRIPTION:${escape(fields.description)}`,
    fields.location && `LOCATION:${escape(fields.location)}`,
    frequency && `RRULE:FREQ=${frequency}${until}`,
    ...(fields.alarm === 'false' ? [] : [
      'BEGIN:VALARM', 'ACTION:DISPLAY', `DESCRIPTION:${escape(fields.title ?? '')}`,
      `TRIGGER:-PT${Math.max(0, Number(fields.alarmOffset ?? 0))}S`, 'END:VALARM',
    ]),
    'END:VEVENT', 'END:VCALENDAR',
  ])
}
