import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { parseArgs } from 'node:util'

// The relay by nginx, one worker: once the upgrade is done it copies bytes, and never sees a message. It is no
// dependency of the project: it is measured where it is installed.

const { values } = parseArgs({ options: { port: { type: 'string' }, backend: { type: 'string' } } })
const port = Number(values.port)

const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
writeFileSync(
  join(folder, 'nginx.conf'),
  `daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${values.backend};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }
  }
}
`,
)

const program = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/bin/nginx'].find(path => existsSync(path))
if (program === undefined) throw new Error('nginx is not installed')
const nginx = spawn(program, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => nginx.kill(signal))
nginx.once('exit', code => process.exit(code ?? 0))

function isListening(): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.on('connect', () => socket.destroy()).on('error', () => resolve(false))
  })
}

while (!(await isListening())) await after(20)
console.log('ready')
