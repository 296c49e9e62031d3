import type { en } from './en.ts';

/**
 * The words of signing in, of dialogs over a wall and of the list of users, in English: a wall that merely runs need not load them. As en.ts
 * in all else.
 */
export const enAside = {
  // Signing in
  'sign-in.again': 'Sign in again',
  'sign-in.again-why':
    'Your session has ended. Pictures that are running go on; sign in to go on working where you were.',
  'sign-in.button': 'Sign in',
  'sign-in.caps-lock': 'Caps Lock is on',
  'sign-in.empty-name': 'Enter your user name',
  'sign-in.empty-password': 'Enter your password',
  'sign-in.name': 'User name',
  'sign-in.password': 'Password',
  'sign-in.title': 'Sign in',
  'sign-in.wrong': 'User name or password is wrong. Check both, and whether Caps Lock is on.',
  'sign-in.wait':
    'Too many attempts. You can try again in {seconds, plural, one {# second} other {# seconds}}.',
  'sign-in.failed': 'The server had a fault. Try again; if it stays, tell your administrator.',
  'sign-in.failed-numbered':
    'The server had a fault. Try again; if it stays, tell your administrator the number {id}.',
  'sign-in.unreachable': 'The server does not answer. Check the network; trying again is fine.',

  // Two people saved the same wall
  'conflict.load': 'Load the newer version',
  'conflict.load-hint': 'Yours is lost, unless you undo.',
  'conflict.overwrite': 'Overwrite it with mine',
  'conflict.save-as': 'Save mine under another name',
  'conflict.title': 'Somebody saved a newer version',
  'conflict.why': 'Somebody saved a newer version of “{name}” at {time} while you were changing it.',

  // The keys of the wall
  'keys.arrows': 'Select the tile beside',
  'keys.call': 'Put the camera with this number on the selected tile',
  'keys.carry': 'Take the camera along to the tile beside',
  'keys.clear': 'Clear the tile',
  'keys.escape': 'Go back: number, full screen, arranging',
  'keys.full': 'Full screen of the tile',
  'keys.move-tile': 'Move the tile while arranging',
  'keys.resize-tile': 'Resize the tile while arranging',
  'keys.title': 'Keys of the wall',

  // Users, for administrators
  'users.agencies': 'Rights',
  'users.all-groups': 'All cameras',
  'users.changed': '{name} is changed',
  'users.change-failed': '{name} is not changed. {why}',
  'users.display-name': 'Name',
  'users.failed': 'The users cannot be read. {why}',
  'users.name': 'User name',
  'users.no-rights': 'None',
  'users.right.export': 'export',
  'users.right.live': 'live',
  'users.right.playback': 'playback',
  'users.right.ptz': 'PTZ',
  'users.rights-of': 'Rights of {name} on {group}',
  'users.role': 'Role',
  'users.role-of': 'Role of {name}',
  'users.sign-out': 'Sign out',
  'users.sign-out-of': 'Sign {name} out everywhere',
  'users.signed-out': '{name} is signed out everywhere',
} as const satisfies Record<string, string>;

/** What can be said there. */
export type AsideWordKey = keyof typeof en | keyof typeof enAside;
