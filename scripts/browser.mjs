// Finds the browser that the tests of the dashboard and its screenshots are made with; as root on Debian, installs it.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const APT_TIMEOUT_MS = 240_000;
const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The path of a Chromium, or null with a line that says how to get one. */
export function findBrowser() {
  const found = [process.env.TEST_CHROMIUM, ...programs].find((path) => path && existsSync(path));
  if (found) return { path: found };
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.error('Installing Chromium for the tests of the dashboard …');
    const options = {
      stdio: 'ignore',
      timeout: APT_TIMEOUT_MS,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    const install = () =>
      spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], options).status === 0;
    if (!install()) {
      spawnSync('apt-get', ['update'], options);
      install();
    }
    if (existsSync(programs[0])) return { path: programs[0] };
  }
  return { path: null, hint: 'skipped: install chromium, or set TEST_CHROMIUM to the path of one' };
}
