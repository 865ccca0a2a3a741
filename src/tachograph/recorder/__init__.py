"""Programs -> log: a program's own metrics, appended to a metrics log that the engine reads.

What each durability promises, once the call that records has returned:

- `buffered`: nothing yet. The record is written within `flush_seconds`, or sooner where much waits; the crash of the
  process can lose what was recorded since. The end of the interpreter and `close` lose nothing.
- `flushed`: the record is in the file, in the kernel. It outlives the process, even one that is killed; a crash of the
  machine can lose it.
- `synced`: the record is on the disk, as far as the disk tells the truth: the file was synced, and the folder where the
  file is new. Threads that record at the same time share a sync.

Where the system fails (a full disk, no permission), the call returns as well, and its record waits in memory: then
`status().waiting` isn't 0 and `flush()` is false. Writing is tried again every second. Records for which there is no
room in `memory_bytes` are dropped and counted, and once writing works again, an `error_occurred` with the `error_type`
`records_dropped` tells how many, from when to when.

Appends are whole: no line is ever torn or mixed with another's, however many processes and threads record into one
folder, and whichever of them is killed. A record that was acknowledged is in the log once. Only where a sync fails are
lines written again, into another file: under their ids, by which every reader counts them once.
"""
