export function zstdWasm(source: string): Uint8Array<ArrayBuffer>
