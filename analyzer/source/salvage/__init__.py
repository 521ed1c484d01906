r"""Read the records of a source file that isn't valid JSON, and list what is wrong with the rest.

Up to the first fault a file is read as ``read_records`` reads it, and as the service does. After it:

- **A record before the fault is whole**, but for the one directly before: a quotation mark and a bracket in a text
  (``"City":"Ki"}el"``) end a record too early. It counts where another record begins after it, the file ends, or only
  a little text without quotation marks and brackets is between the two.
- **Backslashes that begin no escape** leave the record's end certain (``element``), and so does a number or ``null`` in
  place of a record: reading goes on.
- **After any other fault it is unknown what is text.** Reading goes on where ``},{"`` and a name follow with which
  other records begin. No text holds that, as a quotation mark in it is escaped, but for one that holds JSON unescaped.
  So the records there have to be followed by the array's end, by a fault in a record that begins so as well, or by
  more records, up to a mebibyte. All else is listed as unreadable.
- A record beside a fault is doubtful where a name occurs twice with different values, where it holds a record, or is
  empty: it may be part of another one.
- **After the array** nothing is a record. Where a further key of the object has a fault, the array's bracket may be
  one in a text. Before the array, a fault leaves nothing, but for a little text before an object that begins with
  ``value``.
- How much is read again is limited (``ReadBudget``), so that a file made to be slow is not: its rest is unreadable.

A text that holds more than a mebibyte of records unescaped, or records and then another fault in one, cannot be
distinguished from records. Positions count what seems to be records, and may be off after an unreadable stretch. Where
names have no quotation marks, all after a fault is unreadable.
"""
