// Loads a file and kills itself in the middle: node killed-load.ts <address> <file>
import pg from 'pg';
import { loadCsv } from '../../lib/copy.ts';

const [url, file] = process.argv.slice(2);
await loadCsv(new pg.Pool({ connectionString: url }), file, {
  onProgress: ({ bytes }) => {
    if (bytes > 3_000_000) process.kill(process.pid, 'SIGKILL');
  },
});
