import sys

from eden.cli import main

sys.exit(main())
