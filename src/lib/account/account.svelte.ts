import { call } from '#lib/api/call.ts';
import { NetworkError, ProblemError } from '#lib/api/errors.ts';
import { announceSignedOut, onSignedOut } from '#lib/api/signed-out.ts';
import type { Credentials, Session, User } from '#contract/account.ts';
import { routes } from '#contract/routes.ts';

/** Who is at this browser. `expired`: was signed in, and the page still shows what he saw. */
export type AccountState =
  | { readonly status: 'unknown' }
  | { readonly status: 'unreachable' }
  | { readonly status: 'signed-out' }
  | { readonly status: 'signed-in' | 'expired'; readonly session: Session };

/** Why signing in came to nothing, as far as a person can act on it. */
export type SignInFault =
  | { readonly kind: 'wrong' | 'unreachable' }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'failed'; readonly requestId?: string | undefined };

/** Used when the server says to wait but not how long. */
const defaultWaitS = 30;

/** The one who is signed in, and the ways in and out. */
export class Account {
  state = $state.raw<AccountState>({ status: 'unknown' });
  readonly user: User | undefined = $derived('session' in this.state ? this.state.session.user : undefined);
  readonly isExpired = $derived(this.state.status === 'expired');

  /** Starts listening for the end of the session. Gives back the way to stop. */
  follow(): () => void {
    return onSignedOut(() => {
      if (this.state.status === 'signed-in') this.state = { status: 'expired', session: this.state.session };
      else if (this.state.status !== 'expired') this.state = { status: 'signed-out' };
    });
  }

  /** Asks the server who is signed in here, unless it is known. `fetch` is the router's own while it loads a page. */
  async read(fetch?: typeof globalThis.fetch): Promise<AccountState> {
    if (this.state.status === 'signed-in' || this.state.status === 'expired') return this.state;
    try {
      const session = await call(routes.readSession, fetch ? { fetch } : {});
      this.state = { status: 'signed-in', session };
    } catch (error) {
      const isSignedOut = error instanceof ProblemError && error.code === 'signed-out';
      this.state = { status: isSignedOut ? 'signed-out' : 'unreachable' };
    }
    return this.state;
  }

  /** Signs in. Gives nothing when it worked, and what was wrong when it did not. */
  async signIn(credentials: Credentials): Promise<SignInFault | undefined> {
    try {
      const session = await call(routes.signIn, { body: credentials });
      this.state = { status: 'signed-in', session };
      return undefined;
    } catch (error) {
      return faultOf(error);
    }
  }

  /** Ends this session. Throws when the server could not be told: somebody would believe himself signed out. */
  async signOut(): Promise<void> {
    await ended(call(routes.signOut));
    this.state = { status: 'signed-out' };
  }

  /** Ends every session of this person. Throws when the server could not be told. */
  async signOutEverywhere(): Promise<void> {
    await ended(call(routes.signOutEverywhere));
    this.state = { status: 'signed-out' };
  }

  /** News says that the session has ended. */
  expire(): void {
    announceSignedOut();
  }
}

/** Being signed out already is what was wanted. */
async function ended(call_: Promise<unknown>): Promise<void> {
  try {
    await call_;
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'signed-out') throw error;
  }
}

function faultOf(error: unknown): SignInFault {
  if (error instanceof NetworkError) return { kind: 'unreachable' };
  if (!(error instanceof ProblemError)) return { kind: 'failed' };
  switch (error.code) {
    case 'wrong-credentials':
    case 'invalid-request':
      return { kind: 'wrong' };
    case 'slow-down':
    case 'overloaded':
      return { kind: 'wait', seconds: error.retryAfterS ?? defaultWaitS };
    default:
      return { kind: 'failed', requestId: error.requestId };
  }
}

/** The page's own. */
export const account = new Account();
