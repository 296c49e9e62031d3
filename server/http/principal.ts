import type { User } from '#contract/account.ts';

/** Who asks: a user in one session. */
export interface Principal {
  readonly sessionId: string;
  readonly user: User;
  /** Epoch ms. */
  readonly signedInAt: number;
  /** When the session ends if nothing happens, epoch ms. */
  readonly expiresAt: number;
}
