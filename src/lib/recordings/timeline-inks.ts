/** The colours a timeline is drawn with: CSS colours that a canvas understands. */
export interface Inks {
  readonly ground: string;
  readonly hatch: string;
  readonly recorded: string;
  readonly motion: string;
  readonly line: string;
  readonly text: string;
  readonly textQuiet: string;
  readonly info: string;
  readonly infoWash: string;
  readonly panel: string;
}

const usual: Readonly<Record<keyof Inks, string>> = {
  ground: 'var(--color-ground)',
  hatch: 'var(--color-line)',
  recorded: 'color-mix(in oklab, var(--color-edge) 72%, var(--color-ground))',
  motion: 'color-mix(in oklab, var(--color-text) 82%, var(--color-ground))',
  line: 'var(--color-line)',
  text: 'var(--color-text)',
  textQuiet: 'var(--color-text-quiet)',
  info: 'var(--color-info)',
  infoWash: 'color-mix(in oklab, var(--color-info) 24%, transparent)',
  panel: 'var(--color-panel)',
};

/** Where the person's own colours are forced, only those exist. */
const forced: Readonly<Record<keyof Inks, string>> = {
  ground: 'Canvas',
  hatch: 'GrayText',
  recorded: 'GrayText',
  motion: 'CanvasText',
  line: 'GrayText',
  text: 'CanvasText',
  textQuiet: 'CanvasText',
  info: 'Highlight',
  infoWash: 'transparent',
  panel: 'Canvas',
};

/** The colours as they are where `element` stands: in its scheme, contrast and forced colours. */
export function readInks(element: HTMLElement): Inks {
  const isForced = matchMedia('(forced-colors: active)').matches;
  const probe = document.createElement('span');
  probe.style.cssText = 'position:absolute;visibility:hidden;forced-color-adjust:none';
  element.append(probe);
  const style = getComputedStyle(probe);
  const inks = Object.fromEntries(
    Object.entries(isForced ? forced : usual).map(([name, colour]) => {
      // A canvas knows neither variables nor light-dark(): the computed colour has both worked out.
      probe.style.color = colour;
      return [name, style.color];
    }),
  ) as Record<keyof Inks, string>;
  probe.remove();
  return inks;
}

/** Calls back whenever colours may have changed, until the signal ends. */
export function followInks(onChange: () => void, signal: AbortSignal): void {
  for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)', '(forced-colors: active)'])
    matchMedia(query).addEventListener('change', onChange, { signal });
  const observer = new MutationObserver(onChange);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-scheme'] });
  signal.addEventListener('abort', () => observer.disconnect(), { once: true });
}
