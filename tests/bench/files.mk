# SPDX-License-Identifier: Apache-2.0
stubdoms += bench
bench-obj := $(patsubst %,tests/bench/guest/%.o,main measure cpu events grants)
