import type { Locator, Page } from '@playwright/test';

/** The page one sees without a session. */
export class SignInPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  get userName(): Locator {
    return this.#page.getByLabel('User name');
  }
  get password(): Locator {
    return this.#page.getByLabel('Password', { exact: true });
  }
  get button(): Locator {
    return this.#page.getByRole('button', { name: 'Sign in' });
  }

  async signIn(name: string, password: string): Promise<void> {
    await this.userName.fill(name);
    await this.password.fill(password);
    await this.button.click();
  }
}
