# SPDX-License-Identifier: Apache-2.0
stubdoms += hello
hello-obj := stubdoms/hello/main.o
