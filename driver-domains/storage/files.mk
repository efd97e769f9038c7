# SPDX-License-Identifier: Apache-2.0
# The disk that the example's guest mounts: same inputs, same bytes. mke2fs and debugfs take every
# time from E2FSPROGS_FAKE_TIME, and the two identifiers are fixed.
disk-uuid := 6b756c6b-6865-6164-8000-000000000001
disk-seed := 6b756c6b-6865-6164-8000-000000000002

$(O)/images/known.txt:
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)seq 1 160000 > $@

$(O)/images/disk.ext2: $(O)/images/known.txt driver-domains/storage/files.mk
	$(call say,DISK,$@)
	$(Q)rm -f $@.tmp
	$(Q)truncate -s 8M $@.tmp
	$(Q)E2FSPROGS_FAKE_TIME=$(SOURCE_DATE_EPOCH) /sbin/mke2fs -q -F -t ext2 -b 4096 -N 64 -m 0 \
	    -L bulkhead -U $(disk-uuid) -E hash_seed=$(disk-seed),root_owner=0:0 $@.tmp
	$(Q)printf 'write %s known.txt\nsif known.txt uid 0\nsif known.txt gid 0\nsif known.txt mode 0100444\n' $< \
	    | E2FSPROGS_FAKE_TIME=$(SOURCE_DATE_EPOCH) /sbin/debugfs -w -f - $@.tmp >/dev/null 2>&1
	$(Q)/sbin/debugfs -R 'stat known.txt' $@.tmp 2>/dev/null | grep -q 'Mode:  0444'
	$(Q)mv $@.tmp $@

parts: $(O)/images/disk.ext2
