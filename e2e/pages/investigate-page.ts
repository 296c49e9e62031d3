import { expect, type Locator, type Page } from '@playwright/test';

/** What a tile of the past shows. */
export interface PastReading {
  /** When what it says it shows was taken, epoch ms. */
  readonly shown: number;
  readonly status: string | undefined;
  readonly isExact: boolean;
  /** What its pixels say; undefined where no strip is in them. */
  readonly strip: { readonly number: number; readonly timeMs: number } | undefined;
}

/** The investigator's desk. */
export class InvestigatePage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  get tiles(): Locator {
    return this.#page.locator('figure[data-status]');
  }
  get dialog(): Locator {
    return this.#page.getByRole('dialog');
  }

  /** Goes to a time by the keyboard alone. */
  async goTo(text: string): Promise<void> {
    await this.#page.keyboard.press('g');
    await expect(this.#page.getByLabel('Go to time')).toBeFocused();
    await this.#page.keyboard.type(text);
    await this.#page.keyboard.press('Enter');
  }

  /** Reads every tile: what it says and what its pixels say. The strip reader has to be in the page. */
  read(): Promise<PastReading[]> {
    return this.#page.evaluate(() => {
      type Reader = (picture: ImageData) => { number: number; timeMs: number } | undefined;
      const { readStrip } = globalThis as unknown as { readStrip: Reader };
      const canvas = document.createElement('canvas');
      const brush = canvas.getContext('2d', { willReadFrequently: true });
      if (!brush) throw new Error('no canvas');
      return [...document.querySelectorAll<HTMLElement>('figure[data-status]')].map((figure) => {
        const picture = figure.querySelector<HTMLCanvasElement | HTMLVideoElement>('canvas, video');
        const [width, height] =
          picture instanceof HTMLVideoElement
            ? [picture.videoWidth, picture.videoHeight]
            : [picture?.width ?? 0, picture?.height ?? 0];
        let strip: ReturnType<Reader>;
        if (picture && width >= 160) {
          canvas.width = width;
          canvas.height = height;
          brush.drawImage(picture, 0, 0);
          strip = readStrip(brush.getImageData(0, 0, width, height));
        }
        return {
          shown: Number(figure.dataset['shown']),
          status: figure.dataset['status'],
          isExact: figure.dataset['exact'] === 'true',
          strip,
        };
      });
    });
  }
}
