# SPDX-License-Identifier: Apache-2.0
"""Prints the files of all modules that processor.py has loaded when it runs: what its image needs of Python."""

import importlib.util
import os
import sys

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "processor.py")
spec = importlib.util.spec_from_file_location("processor", path)
spec.loader.exec_module(importlib.util.module_from_spec(spec))
"name".encode("idna")  # loaded by the first connection to a host by its name

for module in list(sys.modules.values()):
    file = getattr(module, "__file__", None)
    if file and file.startswith(("/usr/", "/etc/")):
        print(file)
