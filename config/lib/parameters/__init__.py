"""Parameters: what kinds there are, drafts of them signed by two, and the pages of who keeps them (decision record 0014).

``shape``, ``reading``, ``differences`` and ``form`` are framework-free: what a document holds, how it reads, how two of them
differ, how it is typed. ``kinds`` is the registry, ``drafts`` writes, ``shown`` reads, ``views`` are the pages.
"""
