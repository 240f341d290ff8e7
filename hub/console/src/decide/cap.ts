// The words of a CAP message, read as XML and shown as text.

export interface Told { language: string; headline: string; description: string; instruction: string; areas: string[] }

/** What a message says, by language; empty when it cannot be read. */
export function told(xml: string): Told[] {
  const root = new DOMParser().parseFromString(xml, 'application/xml')
  const field = (info: Element, name: string) => info.getElementsByTagName(name)[0]?.textContent ?? ''
  return [...root.getElementsByTagName('info')].map((info) => ({
    language: field(info, 'language'), headline: field(info, 'headline'), description: field(info, 'description'), instruction: field(info, 'instruction'),
    areas: [...info.getElementsByTagName('areaDesc')].map((area) => area.textContent ?? ''),
  }))
}

/** The level that a message says of each zone, by the zone's id. */
export function levels(xml: string): Map<string, string> {
  const info = new DOMParser().parseFromString(xml, 'application/xml').getElementsByTagName('info')[0]
  const found = new Map<string, string>()
  for (const parameter of info?.getElementsByTagName('parameter') ?? []) {
    const zone = /^zone:(.+)$/.exec(parameter.getElementsByTagName('valueName')[0]?.textContent ?? '')?.[1]
    const level = /(?:^|;)level=([a-z]+)/.exec(parameter.getElementsByTagName('value')[0]?.textContent ?? '')?.[1]
    if (zone && level) found.set(zone, level)
  }
  return found
}

/** Outlines of a CAP polygon: `lat,lon lat,lon ...`. */
const outline = (text: string) => text.trim().split(/\s+/).map((pair) => pair.split(',').map(Number)).filter((p): p is [number, number] => p.length === 2 && p.every(Number.isFinite))

/** The areas of a message's first language with their outlines. */
export function areas(xml: string): { name: string; polygon: [number, number][][] }[] {
  const info = new DOMParser().parseFromString(xml, 'application/xml').getElementsByTagName('info')[0]
  return [...(info?.getElementsByTagName('area') ?? [])].map((area) => ({
    name: area.getElementsByTagName('areaDesc')[0]?.textContent ?? '',
    polygon: [...area.getElementsByTagName('polygon')].map((p) => outline(p.textContent ?? '')).filter((p) => p.length > 2),
  }))
}
