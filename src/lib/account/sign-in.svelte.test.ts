import axe from 'axe-core';
import { describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { problemStatus, type ProblemCode } from '#contract/problem.ts';
import '#lib/ui/app.css';
import { Account } from './account.svelte.ts';
import SignInForm from './SignInForm.svelte';

const session = {
  user: { id: 'u1', name: 'operator', displayName: 'Operator', role: 'operator', grants: [] },
  signedInAt: '2026-11-20T12:00:00Z',
  expiresAt: '2026-11-21T00:00:00Z',
};

const problem = (code: ProblemCode, more: object = {}) =>
  Response.json(
    { type: `urn:parapet:problem:${code}`, code, title: code, status: problemStatus[code], ...more },
    { status: problemStatus[code], headers: { 'content-type': 'application/problem+json' } },
  );

/** The form, and a server that gives these answers one after the other. */
async function openForm(...answers: (Response | Error)[]) {
  const sent: unknown[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (_, init) => {
    sent.push(JSON.parse(init?.body as string));
    const answer = answers.shift();
    if (answer instanceof Response) return answer;
    throw answer ?? new TypeError('no answer left');
  });
  const account = new Account();
  const onsignedin = vi.fn<() => void>();
  const screen = await render(SignInForm, { account, onsignedin });
  const signIn = async (name = 'operator', password = 'secret') => {
    await page.getByLabelText('User name').fill(name);
    await page.getByLabelText('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  return { account, onsignedin, sent, signIn, screen };
}

describe('signing in', () => {
  it('begins with the user name and ends with the session', async () => {
    const { account, onsignedin, sent, signIn } = await openForm(Response.json(session));
    await expect.element(page.getByLabelText('User name')).toHaveFocus();
    await signIn();
    await expect.poll(() => onsignedin.mock.calls.length).toBe(1);
    expect(sent).toEqual([{ name: 'operator', password: 'secret' }]);
    expect(account.user?.displayName).toBe('Operator');
  });

  it.each<[string, Response | Error, RegExp]>([
    ['a wrong password', problem('wrong-credentials'), /User name or password is wrong/],
    ['no answer', new TypeError('fetch failed'), /server does not answer/],
    ['a fault of the server', problem('internal', { requestId: 'r-17' }), /number r-17/],
  ])('words %s, keeps the name, forgets the password and lets one try again', async (_, answer, words) => {
    const { signIn, onsignedin } = await openForm(answer, Response.json(session));
    await signIn();
    await expect.element(page.getByRole('alert').getByText(words)).toBeVisible();
    await expect.element(page.getByLabelText('User name')).toHaveValue('operator');
    await expect.element(page.getByLabelText('Password')).toHaveValue('');
    await expect.element(page.getByLabelText('Password')).toHaveFocus();
    await signIn();
    await expect.poll(() => onsignedin.mock.calls.length).toBe(1);
  });

  it('counts down after too many attempts, saying so once, and then lets one try again', async () => {
    const { signIn } = await openForm(problem('slow-down', { retryAfterS: 2 }));
    await signIn();
    const alert = page.getByRole('alert');
    await expect.element(alert.getByText(/again in 2 seconds/).last()).toBeVisible();
    await expect.element(page.getByRole('button')).toBeDisabled();
    await expect.element(alert.getByText(/again in 1 second\./)).toBeVisible();
    // What is read aloud does not change with every second.
    expect(document.querySelector('[role=alert] .sr-only')?.textContent).toContain('2 seconds');
    await expect.element(page.getByRole('button'), { timeout: 3_000 }).toBeEnabled();
  });

  it('names what is missing and asks nobody', async () => {
    const { sent } = await openForm();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect.element(page.getByText('Enter your user name')).toBeVisible();
    await expect.element(page.getByLabelText('User name')).toHaveAttribute('aria-invalid', 'true');
    expect(sent).toEqual([]);
  });

  it('needs no mouse and nothing that assistive technology stumbles over', async () => {
    const { onsignedin, screen } = await openForm(problem('wrong-credentials'), Response.json(session));
    await userEvent.keyboard('operator{Tab}wrong{Enter}');
    await expect.element(page.getByRole('alert')).toBeVisible();
    const { violations, passes } = await axe.run(screen.container);
    expect(passes.length).toBeGreaterThan(5);
    expect(violations.map(({ id }) => id)).toEqual([]);
    await userEvent.keyboard('secret{Enter}');
    await expect.poll(() => onsignedin.mock.calls.length).toBe(1);
  });
});

describe('the session', () => {
  it('expires under a page without forgetting who it was', async () => {
    vi.spyOn(globalThis, 'fetch').mockResolvedValue(Response.json(session));
    const account = new Account();
    const stop = account.follow();
    await account.read();
    account.expire();
    expect(account.state.status).toBe('expired');
    expect(account.user?.name).toBe('operator');
    stop();
  });

  it('is not taken for ended when the server cannot be told', async () => {
    vi.spyOn(globalThis, 'fetch')
      .mockResolvedValueOnce(Response.json(session))
      .mockRejectedValueOnce(new TypeError('fetch failed'));
    const account = new Account();
    await account.read();
    await expect(account.signOut()).rejects.toThrow();
    expect(account.state.status).toBe('signed-in');
  });
});
