import { redirect } from '@sveltejs/kit';
import { account } from '#lib/account/account.svelte.ts';
import { signInPage } from '#lib/account/next-page.ts';

/** Every page in here is for people who are signed in; the others are led to sign-in and back. */
export async function load({ url, fetch }: { url: URL; fetch: typeof globalThis.fetch }) {
  const { status } = await account.read(fetch);
  if (status === 'signed-out') redirect(307, signInPage(url));
}
