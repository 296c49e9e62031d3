/**
 * Our icons: outlines on a 16 × 16 grid, drawn for a stroke of 1.5 with round ends, which falls on whole pixels at 16
 * and reads at 20. One `d` each, so that a name costs a hundred bytes and nothing has to be loaded.
 */
export const icons = {
  add: 'M8 3v10M3 8h10',
  arrange: 'M2.5 2.5h6v6h-6zM11.5 5.5h2v8h-8v-2M8.5 8.5l3 3M11.5 8.8v2.7H8.8',
  back: 'M10 3.5 5.5 8l4.5 4.5',
  camera: 'M1.8 4.8h8.4v6.4H1.8zM10.2 7.3 14 5.2v5.6l-3.8-2.1',
  'camera-down': 'M1.8 4.8h8.4v6.4H1.8zM10.2 7.3 14 5.2v5.6l-3.8-2.1M2 13.5l12-11',
  check: 'M3 8.5 6.3 12 13 4.5',
  clear: 'M4 4l8 8M12 4l-8 8',
  clock: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.7V8l2.3 1.6',
  'chevron-down': 'M4 6l4 4 4-4',
  'chevron-end': 'M6 4l4 4-4 4',
  full: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  'full-end': 'M6 2.5V6H2.5M13.5 6H10V2.5M10 13.5V10h3.5M2.5 10H6v3.5',
  keys: 'M1.8 4h12.4v8.5H1.8zM4.3 6.5h.01M7 6.5h.01M9.5 6.5h.01M12 6.5h.01M4.8 10h6.4',
  lock: 'M3.5 7.5h9v6h-9zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  notice: 'M8 2.5 14 13H2zM8 6.5v3M8 11.2h.01',
  panel: 'M2 3h12v10H2zM6.2 3v10',
  people:
    'M5.8 7.6a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6zM1.8 13c0-2.2 1.7-3.6 4-3.6s4 1.4 4 3.6M10.6 3.2a2.3 2.3 0 0 1 0 4.2M11.7 9.7c1.5.5 2.5 1.6 2.5 3.3',
  person: 'M8 7.8a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2zM3 13.6c0-2.6 2-4 5-4s5 1.4 5 4',
  pin: 'M5 2.5h6M6 2.5v5l-2 2.2h8L10 7.5v-5M8 9.7v4',
  redo: 'M12.8 3v3.6H9.2M12.6 6.5A5.2 5.2 0 1 0 13 9.5',
  save: 'M2.5 2.5h8.7l2.3 2.3v8.7h-11zM5 2.7v3h5v-3M5 13.3V9.5h6v3.8',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3l3.4 3.4',
  undo: 'M3.2 3v3.6h3.6M3.4 6.5A5.2 5.2 0 1 1 3 9.5',
  why: 'M2.3 12a6 6 0 1 1 11.4 0M8 11l2.8-4M8 11h.01',
  wall: 'M2 2.5h5.2v4.7H2zM8.8 2.5H14v4.7H8.8zM2 8.8h5.2v4.7H2zM8.8 8.8H14v4.7H8.8z',
  calendar: 'M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3',
  link: 'M6.8 9.2 9.2 6.8M7.5 5 9.3 3.2a2.5 2.5 0 0 1 3.5 3.5L11 8.5M8.5 11l-1.8 1.8a2.5 2.5 0 0 1-3.5-3.5L5 7.5',
  loop: 'M4 5h7.5a2 2 0 0 1 2 2v1M12 11H4.5a2 2 0 0 1-2-2V8M5.8 3 3.8 5l2 2M10.2 13l2-2-2-2',
  minus: 'M3 8h10',
  bookmark: 'M4.5 2.5h7v11L8 10.5l-3.5 3z',
  edit: 'M3 13l.7-3L10.5 3.2 12.8 5.5 6 12.3zM9 4.7 11.3 7',
  evidence: 'M3.5 2.5h9v11h-9zM6 5.5h4M6 8h4M6 10.5h2',
  export: 'M8 2.5v7.5M5 7.2 8 10.2l3-3M2.8 10v3.5h10.4V10',
  recordings: 'M3.4 10a5 5 0 1 0 .3-4.6M3.2 2.6v3h3M8 5.2V8l2 1.5',
  rewind: 'M8.5 3.5 3.5 8l5 4.5zM13.5 3.5l-5 4.5 5 4.5z',
  'next-recording': 'M3 3.5 8.5 8 3 12.5zM8.5 3.5 12 8l-3.5 4.5M13.5 3.5v9',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M4.5 3 12.5 8l-8 5z',
  'play-back': 'M11.5 3 3.5 8l8 5z',
  'previous-recording': 'M13 3.5 7.5 8l5.5 4.5zM7.5 3.5 4 8l3.5 4.5M2.5 3.5v9',
  'step-back': 'M9.5 3.5 4.5 8l5 4.5zM12.5 3.5v9',
  'step-forward': 'M6.5 3.5l5 4.5-5 4.5zM3.5 3.5v9',
} as const;

export type IconName = keyof typeof icons;

/** Icons that point along the line of reading, and so turn round with it. */
export const mirroredIcons: ReadonlySet<IconName> = new Set(['back', 'chevron-end', 'panel', 'undo', 'redo']);
