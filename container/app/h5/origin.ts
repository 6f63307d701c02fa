/**
 * Where a web application runs: on an origin of its own, so that its scripts reach no page, session or storage but
 * its own. The server says how such addresses are made; the name in them is made here.
 */
import { sha256 } from '../../host/package/sha256'

/** letters of the readable part; with the hash it is below the 63 of a DNS label */
const READABLE = 32
/** 80 bits: nobody finds another program with the same name */
const HASH = 20

/** A DNS label that no other program of any workspace of the server has. */
export async function label(workspace: string, key: string): Promise<string> {
  const hash = await sha256(new TextEncoder().encode(`${workspace}/${key}`).buffer)
  const readable = key.toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, READABLE).replace(/^-|-$/g, '')
  return `${readable || 'program'}-${hash.slice(0, HASH)}`
}

/**
 * The program's origin by the server's template, `https://{key}.h5.example.com`; undefined when the template is
 * none, or leads to the platform's own origin.
 */
export async function programOrigin(
  template: string, workspace: string, key: string, platform: string,
): Promise<string | undefined> {
  if (!/^https?:\/\/\{key\}\.[a-z0-9.-]+(:\d+)?$/.test(template)) return undefined
  const { origin } = new URL(template.replace('{key}', await label(workspace, key)))
  return origin === platform ? undefined : origin
}
