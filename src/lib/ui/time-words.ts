const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(language, { hourCycle: 'h23', ...options })));
  return made;
}

/** `12:04` today, `19 Nov, 12:04` on any other day; in the viewer's time zone. `now` decides what today is. */
export function clock(epochMs: number, language: string, now: number = Date.now()): string {
  const isToday = new Date(epochMs).toDateString() === new Date(now).toDateString();
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
  return format(language, isToday ? time : { ...time, day: 'numeric', month: 'short' }).format(epochMs);
}

/** `12:04:31`, in the viewer's time zone. */
export function clockWithSeconds(epochMs: number, language: string): string {
  return format(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(epochMs);
}

/** `12:04:31 UTC`: the time all logs agree on. */
export function clockUtc(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(11, 19)} UTC`;
}
