import type { Locator, Page } from '@playwright/test';

/** The operator's wall. */
export class WallPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Tiles that have a camera. */
  get tiles(): Locator {
    return this.#page.locator('figure[data-camera-number]');
  }
  tile(cameraName: string): Locator {
    return this.#page.getByRole('figure', { name: cameraName, exact: true });
  }
  inState(state: string): Locator {
    return this.#page.locator(`figure[data-camera-number][data-state="${state}"]`);
  }
}
