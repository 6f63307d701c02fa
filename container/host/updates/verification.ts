/**
 * What a phone needs only when there is something to install: the client of The Update Framework, the rules that say
 * who may have a version, the decoder of deltas. A bundle of its own (updates.js); verifier.ts loads it.
 */
export { applyDelta } from '../delta'
export { opens, permitted } from './permitted'
export { Trusted } from './trusted'
