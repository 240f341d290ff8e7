// Writes a gzip beside every file that gets smaller by it: the hub sends it to browsers on thin links.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

for (const entry of readdirSync(process.argv[2], { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.endsWith('.gz')) continue
  const path = join(entry.parentPath, entry.name)
  const plain = readFileSync(path)
  const small = gzipSync(plain, { level: 9 })
  if (small.length < plain.length * 0.9) writeFileSync(`${path}.gz`, small)
}
