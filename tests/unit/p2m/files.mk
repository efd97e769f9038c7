# SPDX-License-Identifier: Apache-2.0
unit-tests += p2m p2m-walk
p2m-src = tests/unit/p2m/test_p2m.c $(mem-code) $(pin-code)
p2m-walk-src = tests/unit/p2m/test_walk.c $(mem-code) $(pin-code)
