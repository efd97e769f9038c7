# SPDX-License-Identifier: Apache-2.0
# Tests of bh build; they run in the source tree's root, for they read docs/ and policy/.
bh-test = $(addprefix tools/bh/build/,$(addsuffix .c,$(1)))
bh-test-host := buf cil_mark conf diag file functions host host_check host_keys host_links operators origin suggest value

unit-tests += tools-host
tools-host-src := tests/unit/tools/test_host.c $(call bh-test,$(bh-test-host))
tools-host-libs := -lcrypto

unit-tests += tools-seed
tools-seed-src := tests/unit/tools/test_seed.c tests/unit/tools/small_host.c
tools-seed-src += $(call bh-test,$(bh-test-host) image policy seed)
tools-seed-libs := -lcrypto

unit-tests += tools-manifest
tools-manifest-src = tests/unit/tools/test_manifest.c tests/unit/tools/small_host.c
tools-manifest-src += $(call bh-test,$(bh-test-host) image manifest) $(launch-pure:.o=.c)
tools-manifest-src += xen/lib/sha256.c
tools-manifest-libs := -lcrypto -lfdt

unit-tests += tools-loader
tools-loader-src := tests/unit/tools/test_loader.c tests/unit/tools/small_host.c
tools-loader-src += $(call bh-test,$(bh-test-host) debian image loader lock spawn)
tools-loader-libs := -lcrypto

unit-tests += tools-efi-image
tools-efi-image-src := tests/unit/tools/test_efi_image.c tests/unit/tools/small_host.c
tools-efi-image-src += $(call bh-test,$(bh-test-host) efi_image image) attest/verifier/authenticode.c attest/quote/error.c
tools-efi-image-libs := -lcrypto -ljson-c

unit-tests += tools-recipe
tools-recipe-src := tests/unit/tools/test_recipe.c $(call bh-test,buf diag file recipe suggest)
tools-recipe-libs := -lcrypto

unit-tests += tools-lock
tools-lock-src := tests/unit/tools/test_lock.c $(call bh-test,buf diag lock)

unit-tests += tools-gpt
tools-gpt-src := tests/unit/tools/test_gpt.c $(call bh-test,buf gpt)
tools-gpt-libs := -lcrypto -lz

unit-tests += tools-kernel
tools-kernel-src := tests/unit/tools/test_kernel.c $(call bh-test,buf diag elf_slim kernel unpack)
tools-kernel-libs := -lz -llzma -lzstd

unit-tests += tools-ramdisk
tools-ramdisk-src := tests/unit/tools/test_ramdisk.c
tools-ramdisk-src += $(call bh-test,buf cpio debian diag file inputs lock module needed origin ramdisk recipe spawn)
tools-ramdisk-src += $(call bh-test,suggest unpack)
tools-ramdisk-libs := -larchive -lcrypto -lz -llzma -lzstd

# Everything of bh build, as it is linked into bh.
unit-tests += tools-build
tools-build-src = tests/unit/tools/test_build.c $(bh-build-src:%=tools/bh/build/%.c)
tools-build-src += $(bh-policy-core:%=tools/bh/policy/%.c) $(flask-host-obj:.o=.c)
tools-build-src += $(filter-out $(flask-host-obj:.o=.c),$(launch-host-obj:.o=.c) xen/common/measure/text.c xen/lib/sha256.c)
tools-build-src += attest/quote/error.c attest/verifier/authenticode.c attest/verifier/reference.c
tools-build-src += attest/quote/frame.c attest/quote/message.c attest/verifier/jose.c attest/verifier/refset.c attest/verifier/utc.c
tools-build-cflags = -DBH_VERSION='"$(VERSION)"'
tools-build-libs := -larchive -lcrypto -lfdt -ljson-c -lz -llzma -lzstd -l:libsepol.a

unit-tests += tools-run-verify
tools-run-verify-src := tests/unit/tools/test_run_verify.c tools/bh/run/proc.c tools/bh/run/verify.c

# Console logs of bh policy, with the engine that writes them.
unit-tests += tools-avc
avc-src := tools/bh/policy/avc_line.c tools/bh/policy/avc_log.c tools/bh/build/buf.c
tools-avc-src = tests/unit/tools/test_avc.c $(avc-src) $(flask-test-src)
tools-avc-cflags = $(flask-test-cflags)

unit-tests += fuzz_avc
fuzz_avc-src := tests/fuzz/avc.c tests/fuzz/manifest_elf_runner.c $(avc-src)

# For long: make fuzz-avc [FUZZ_SECONDS=60]
$(O)/fuzz/avc-fuzz: tests/fuzz/avc.c $(avc-src)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -std=gnu11 -O1 -g -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $@ $^

fuzz-avc: $(O)/fuzz/avc-fuzz
	$(Q)mkdir -p $(O)/fuzz/avc/corpus
	$(Q)$< -max_len=4096 -timeout=10 -rss_limit_mb=512 -print_final_stats=1 -artifact_prefix=$(O)/fuzz/avc/ -max_total_time=$(FUZZ_SECONDS) \
	    $(O)/fuzz/avc/corpus
.PHONY: fuzz-avc

unit-tests += tools-flow
tools-flow-src := tests/unit/tools/test_flow.c tools/bh/policy/flow.c $(call bh-test,buf)

unit-tests += tools-permission-map
tools-permission-map-src := tests/unit/tools/test_permission_map.c tools/bh/policy/permission_map.c tools/bh/policy/message.c
tools-permission-map-src += $(call bh-test,buf diag file)
tools-permission-map-libs := -lcrypto -ljson-c
