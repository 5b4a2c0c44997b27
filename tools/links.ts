/**
 * `npm run links [-- --inside]`: checks the links of README, guides, notebooks and slides; with `--inside` only
 * those between files of the project, which needs no network.
 */
import { root } from '../cluster/instance.ts';
import { readOptions, runTool } from './cli.ts';
import { checkInside } from './links/inside.ts';
import { checkOutside, findAddresses } from './links/outside.ts';
import { readTexts } from './links/texts.ts';

await runTool(async (args) => {
  const { inside } = readOptions('npm run links [-- --inside]', {
    args,
    options: { inside: { type: 'boolean' } },
  }).values;
  const texts = readTexts(root);
  const links = texts.reduce((sum, text) => sum + text.links.length, 0);
  const faults = checkInside(texts, root);
  console.log(`${links} links in ${texts.length} texts`);
  if (!inside) {
    const addresses = findAddresses(texts, root);
    console.log(`Asking ${addresses.size} addresses of other hosts`);
    faults.push(...(await checkOutside(addresses)));
  }
  if (faults.length) throw new Error(faults.join('\n'));
  console.log('All of them lead somewhere.');
});
