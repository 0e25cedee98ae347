import { type DateFormat, dateFormat } from '../expressions/date-format.ts'
import { boolean, Expected, integer, oneOfAnyCase, pattern, text, type ValueType } from '../language/types.ts'
import { fileLocation } from './file-location.ts'

/** A pattern of `SimpleDateFormat`. */
const datePattern: ValueType<DateFormat> = {
  name: 'date pattern',
  parse(value) {
    try {
      return dateFormat(value.trim())
    } catch (error) {
      throw new Expected(`a date pattern (${(error as Error).message})`)
    }
  },
}

const optional = { type: integer({ min: 0 }) }
const ONE_SERVER = {
  type: text,
  doc: 'Accepted; files are claimed by renaming them, by whichever gateway is first.',
}
const REMOTE = { type: text, doc: 'Accepted; it matters for other schemes than file alone.' }
const RECORDS = { type: text, doc: 'Accepted; a failed file that stays is renamed, and no list is kept.' }
const NO_REPLY = { type: text, doc: 'Accepted; nobody answers a file.' }

/** Parameters of `file` inbound endpoints, in the original's names. */
export const fileParameters = {
  interval: {
    type: integer({ min: 1 }),
    doc: 'Milliseconds between two looks at the folder.',
    required: true,
  },
  sequential: {
    type: boolean,
    doc: 'Whether a file waits for the one before; otherwise up to 20 are under way at once.',
    default: true,
  },
  coordination: {
    type: boolean,
    doc: 'Whether one process of several looks at the folder, as long as it is there; otherwise each does, as it must where each has a folder of its own.',
    default: true,
  },
  'transport.vfs.FileURI': {
    type: fileLocation,
    doc: 'Folder, or one file, as `file:///path`; with `/*` at its end the folders below as well.',
    required: true,
  },
  'transport.vfs.ContentType': {
    type: text,
    doc: 'Content type of the files; default by extension: xml is text/xml, json application/json, txt and csv text/plain.',
  },
  'transport.vfs.FileNamePattern': {
    type: pattern,
    doc: 'Pattern for the whole name of a file; default all.',
  },
  'transport.vfs.ActionAfterProcess': {
    type: text,
    doc: 'MOVE moves a file that went through to MoveAfterProcess; anything else, and nothing, deletes it.',
  },
  'transport.vfs.ActionAfterFailure': {
    type: text,
    doc: 'MOVE moves a file that failed to MoveAfterFailure, DELETE deletes it; otherwise it stays, with `.fail` behind its name.',
  },
  'transport.vfs.MoveAfterProcess': {
    type: fileLocation,
    doc: 'Folder for files that went through; `/*` at its end keeps the folders below FileURI.',
  },
  'transport.vfs.MoveAfterFailure': {
    type: fileLocation,
    doc: 'Folder for files that failed, in the same form.',
  },
  'transport.vfs.MoveTimestampFormat': {
    type: datePattern,
    doc: 'Date pattern of what is put in front of the name of a moved file.',
  },
  'transport.vfs.SubFolderTimestampFormat': {
    type: datePattern,
    doc: 'Date pattern of a folder in the target folder that files are moved to; it is made.',
  },
  'transport.vfs.CreateFolder': {
    type: boolean,
    doc: 'Whether a target folder that is not there is made.',
    default: false,
  },
  'transport.vfs.UpdateLastModified': {
    type: boolean,
    doc: 'Whether a moved file counts as modified when it was moved.',
    default: true,
  },
  'transport.vfs.Locking': {
    type: oneOfAnyCase('enable', 'disable'),
    doc: 'Whether a file is left alone while somebody keeps a `.lock` file beside it.',
    default: 'enable',
  },
  'transport.vfs.AutoLockRelease': {
    type: boolean,
    doc: 'Whether a file is taken again that a gateway had claimed and not finished with.',
    default: false,
  },
  'transport.vfs.AutoLockReleaseInterval': {
    ...optional,
    doc: 'How long ago it must have been claimed, in milliseconds.',
    default: 60_000,
  },
  'transport.vfs.FileSizeLimit': {
    type: integer({ min: -1 }),
    doc: 'Largest file that is taken, in bytes; -1 for 100 MiB. A larger one stays.',
    default: -1,
  },
  'transport.vfs.FileProcessInterval': {
    ...optional,
    doc: 'Pause between two files, in milliseconds.',
    default: 0,
  },
  'transport.vfs.FileProcessCount': { type: integer({ min: 1 }), doc: 'Most files taken in one look.' },
  'transport.vfs.FileSortAttribute': {
    type: oneOfAnyCase('none', 'Name', 'Size', 'Lastmodifiedtimestamp'),
    doc: 'By what files are ordered.',
    default: 'none',
  },
  'transport.vfs.FileSortAscending': { type: boolean, doc: 'Whether the least comes first.', default: true },
  'transport.vfs.MinimumAge': {
    ...optional,
    doc: 'Seconds a file must not have been modified for.',
    default: 0,
  },
  'transport.vfs.MaximumAge': {
    ...optional,
    doc: 'Seconds after which a file that is not modified is left alone.',
  },
  'transport.vfs.waitTimeBeforeRead': {
    ...optional,
    doc: 'Milliseconds a file must not have been modified for.',
    default: 0,
  },
  'transport.vfs.MaxRetryCount': { type: text, doc: 'Accepted; the next look tries again.' },
  'transport.vfs.ReconnectTimeout': { type: text, doc: 'Accepted; the next look tries again.' },
  'transport.vfs.Streaming': {
    type: text,
    doc: 'Accepted; a file is read whole, and parsed when somebody asks.',
  },
  'transport.vfs.Build': { type: text, doc: 'Accepted; a payload is parsed when somebody asks.' },
  'transport.vfs.LockReleaseSameNode': ONE_SERVER,
  'transport.vfs.DistributedLock': ONE_SERVER,
  'transport.vfs.DistributedTimeout': ONE_SERVER,
  'transport.vfs.ClusterAware': ONE_SERVER,
  'transport.vfs.IsMounted': REMOTE,
  'transport.vfs.SFTPUserDirIsRoot': REMOTE,
  'transport.vfs.FailedRecordsFileName': RECORDS,
  'transport.vfs.FailedRecordsFileDestination': RECORDS,
  'transport.vfs.FailedRecordNextRetryDuration': RECORDS,
  'transport.vfs.MoveFailedRecordTimestampFormat': RECORDS,
  'transport.vfs.ReplyFileURI': NO_REPLY,
  'transport.vfs.ReplyFileName': NO_REPLY,
} as const
