"""`python -m tachograph` is the command `tachograph`."""

from __future__ import annotations

import sys

from tachograph.cli.main import main

sys.exit(main())
