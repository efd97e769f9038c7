/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every mistake a person can make in a host description is answered with file, line, key, what is
 * wrong and what to do. Each case is a good description with one thing changed, so that exactly one
 * message must come out, and it must be that one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../tools/bh/build/file.h"
#include "../../../tools/bh/build/functions.h"
#include "../../../tools/bh/build/host.h"
#include "../../../tools/bh/build/operators.h"

static const char good[] =
    "host {\n"                                                /*  1 */
    "    name = test\n"                                       /*  2 */
    "    memory = 1G\n"                                       /*  3 */
    "    tpm = tis\n"                                         /*  4 */
    "}\n"                                                     /*  5 */
    "domain store {\n"                                        /*  6 */
    "    id = 1\n"                                            /*  7 */
    "    kind = xenstore\n"                                   /*  8 */
    "    function = xenstore\n"                               /*  9 */
    "    kernel = stubdom:xenstore\n"                         /* 10 */
    "    memory = 16M\n"                                      /* 11 */
    "}\n"                                                     /* 12 */
    "domain dd {\n"                                           /* 13 */
    "    id = 2\n"                                            /* 14 */
    "    kind = driver\n"                                     /* 15 */
    "    kernel = debian\n"                                   /* 16 */
    "    memory = 64M\n"                                      /* 17 */
    "    tpm = yes\n"                                         /* 18 */
    "    ioports = 0x2f8-0x2ff\n"                             /* 19 */
    "}\n"                                                     /* 20 */
    "domain guest {\n"                                        /* 21 */
    "    id = 5\n"                                            /* 22 */
    "    kind = guest\n"                                      /* 23 */
    "    kernel = debian\n"                                   /* 24 */
    "    cmdline = \"console=hvc0 a=\\\"b\\\"\"\n"            /* 25 */
    "    memory = 128M\n"                                     /* 26 */
    "    cpus = 2\n"                                          /* 27 */
    "    disk xvdb2 {\n"                                      /* 28 */
    "        backend = dd\n"                                  /* 29 */
    "        target = /dev/ram0\n"                            /* 30 */
    "    }\n"                                                 /* 31 */
    "    net eth0 {\n"                                        /* 32 */
    "        backend = dd\n"                                  /* 33 */
    "        mac = 00:16:3e:aa:bb:cc\n"                       /* 34 */
    "    }\n"                                                 /* 35 */
    "}\n"                                                     /* 36 */
    "control {\n"                                             /* 37 */
    "    ca = keys/ca.pem\n"                                  /* 38 */
    "    serial = all\n"                                      /* 39 */
    "    address = 10.0.0.4/24, 10.0.0.1\n"                   /* 40 */
    "}\n"                                                     /* 41 */
    "operator all {\n"                                        /* 42 */
    "    subjects = alice, bob\n"                             /* 43 */
    "    may = status, attach-disk\n"                         /* 44 */
    "    domains = all\n"                                     /* 45 */
    "}\n"                                                     /* 46 */
    "operator one {\n"                                        /* 47 */
    "    subjects = carol\n"                                  /* 48 */
    "    may = restart\n"                                     /* 49 */
    "    domains = dd\n"                                      /* 50 */
    "}\n";                                                    /* 51 */

static const char *const kinds[] = { "driver", "guest", "xenstore" };

static struct host host;

static bool parse(const char *text, struct diag *diag)
{
    return host_parse(&host, "h.conf", (const uint8_t *)text, strlen(text), kinds, 3, diag);
}

/* The good description with the first occurrence of one text replaced. */
static char *changed(const char *from, const char *to)
{
    const char *at = strstr(good, from);
    struct buf b = { 0 };

    assert_non_null(at);
    buf_put(&b, good, (size_t)(at - good));
    buf_puts(&b, to);
    buf_puts(&b, at + strlen(from));
    return b.data;
}

static void host_parse_good_fills_all(void **state)
{
    struct diag diag = { 0 };

    (void)state;
    assert_true(parse(good, &diag));
    assert_int_equal(diag.error_count, 0);
    assert_string_equal(host.name, "test");
    assert_int_equal(host.memory_kib, 1024 * 1024);
    assert_int_equal(host.domain_count, 3);
    const struct host_domain *d = &host.domains[2];

    assert_string_equal(d->name, "guest");
    assert_string_equal(d->cmdline, "console=hvc0 a=\"b\"");
    assert_int_equal(d->cpus, 2);
    assert_int_equal(d->memory_kib, 128 * 1024);
    assert_int_equal(d->disks[0].device, 202 * 256 + 16 + 2);
    assert_int_equal(d->disks[0].backend, 1);
    assert_false(d->disks[0].readonly);
    assert_int_equal(d->nets[0].mac[5], 0xcc);
    assert_true(host.domains[1].serves_disks);
    assert_int_equal(host.domains[1].ioports[0].first, 0x2f8);
    assert_int_equal(host.domains[1].ioports[0].count, 8);
    assert_true(host.domains[0].start_order < host.domains[1].start_order);
    assert_true(host.domains[1].start_order < d->start_order);
    assert_ptr_equal(host_xenstore(&host), &host.domains[0]);
    assert_string_equal(host.control_address, "10.0.0.4/24 10.0.0.1");
    assert_int_equal(host.operator_count, 2);
    assert_int_equal(host.operators[0].domain_count, 0);
    assert_string_equal(host.operators[0].may[1], "attach_disk");
    assert_string_equal(host.operators[1].domains[0], "dd");
    host_free(&host);
}

/* Rules between these bear a line of the description. */
#define MARK(line) ";;* lmx " #line " \"h.conf\"\n"
#define MARK_END ";;* lme\n"

/* One description becomes the policy's rules and the control domain's file; they name the same types. */
static void operators_become_rules_and_a_file(void **state)
{
    struct diag diag = { 0 };
    struct buf cil = { 0 }, text = { 0 };

    (void)state;
    assert_true(parse(good, &diag));
    operators_cil(&host, &cil);
    operators_text(&host, &text);
    assert_string_equal(cil.data, "\n; operators\n"
                        MARK(42) "(type all_operator_t)\n(call operator_role (all_operator_t))\n"
                        "(allow all_operator_t domain_type (operator (status attach_disk)))\n" MARK_END
                        MARK(47) "(type one_operator_t)\n(call operator_role (one_operator_t))\n"
                        "(allow one_operator_t dd_t (operator (restart)))\n" MARK_END);
    assert_string_equal(text.data, "# Operators of test\n"
                        "role all system_u:system_r:all_operator_t\ncertificate alice all\n"
                        "certificate bob all\nrole one system_u:system_r:one_operator_t\n"
                        "certificate carol one\naddress 10.0.0.4/24 10.0.0.1\nserial all\n");
    buf_free(&cil);
    buf_free(&text);
    host_free(&host);
}

#define DOMAIN(name, id, kind, more) "domain " name " {\n id = " #id "\n kind = " kind "\n kernel = debian\n memory = 64M\n" more "}\n"

/* A control domain may give and take what is named, where a role may have it done, and nothing else. */
static void functions_become_rules(void **state)
{
    static const char text[] =
        "host {\n name = test\n memory = 1G\n}\n"
        DOMAIN("a", 1, "guest", " pci = 00:03.0\n pci-later = 01:00.0, 02:1f.7\n")
        DOMAIN("b", 2, "guest", " pci-later = 01:00.0\n")
        DOMAIN("c", 3, "control", "")
        "operator both {\n may = attach-device, detach-device\n domains = a\n}\n"
        "operator half {\n may = detach-device\n domains = b\n}\n"
        "operator other {\n may = attach-disk, status\n domains = all\n}\n";
    static const char *const with_control[] = { "control", "guest" };
    struct diag diag = { 0 };
    struct buf cil = { 0 };

    (void)state;
    assert_true(host_parse(&host, "h.conf", (const uint8_t *)text, sizeof(text) - 1, with_control, 2, &diag));
    assert_true(host.domains[1].pci_bus);
    assert_int_equal(host.domains[1].pci_count, 0);
    functions_cil(&host, &cil);
    assert_string_equal(cil.data,
                        MARK(10) "(type a_pci_t)\n(typeattributeset resource_type (a_pci_t))\n"
                        "(pcidevicecon 0x18 (system_u object_r a_pci_t low_low))\n"
                        "(call device_use (a_t a_pci_t))\n"
                        "(call device_give (c_t a_t a_pci_t))\n(call device_take (c_t a_t a_pci_t))\n" MARK_END
                        "(type pci_01_00_0_t)\n(typeattributeset resource_type (pci_01_00_0_t))\n"
                        "(pcidevicecon 0x100 (system_u object_r pci_01_00_0_t low_low))\n"
                        MARK(11) "(call device_use (a_t pci_01_00_0_t))\n"
                        "(call device_give (c_t a_t pci_01_00_0_t))\n(call device_take (c_t a_t pci_01_00_0_t))\n" MARK_END
                        MARK(18) "(call device_use (b_t pci_01_00_0_t))\n"
                        "(call device_take (c_t b_t pci_01_00_0_t))\n" MARK_END
                        "(type pci_02_1f_7_t)\n(typeattributeset resource_type (pci_02_1f_7_t))\n"
                        "(pcidevicecon 0x2ff (system_u object_r pci_02_1f_7_t low_low))\n"
                        MARK(11) "(call device_use (a_t pci_02_1f_7_t))\n"
                        "(call device_give (c_t a_t pci_02_1f_7_t))\n(call device_take (c_t a_t pci_02_1f_7_t))\n" MARK_END);
    buf_free(&cil);
    host_free(&host);
}

static void host_parse_mistake_is_named(void **state)
{
    static const struct {
        const char *from, *to, *message;
    } cases[] = {
        { "memory = 1G", "memroy = 1G\n memory = 1G",
          "h.conf:3: memroy: there is no such key here; did you mean 'memory'?" },
        { "memory = 1G", "memory = 1G\n    boot = uefi", "h.conf:4: boot: there is no 'uefi'; did you mean 'efi'" },
        { "memory = 1G", "memory = 1G\n    boot = efi\n    secure-boot-key = k",
          "h.conf:5: secure-boot-key: alone signs nothing; give secure-boot-certificate too" },
        { "memory = 1G", "memory = 1G\n    secure-boot-certificate = c\n    secure-boot-key = k",
          "h.conf:5: secure-boot-key: signs the one program of boot = efi; write that" },
        { "    memory = 1G\n", "", "h.conf:1: host: the key 'memory' is missing; add" },
        { "memory = 1G", "memory = 1", "h.conf:3: memory: '1' has no unit; write K, M or G" },
        { "target = /dev/ram0", "target = /etc/passwd", "h.conf:30: target: '/etc/passwd' cannot be "
          "served; write a device /dev/NAME" },
        { "target = /dev/ram0", "target = /dev/../x", "h.conf:30: target: '/dev/../x' cannot be" },
        { "target = /dev/ram0", "target = /dev/sda:image", "h.conf:30: target: '/dev/sda:image'" },
        { "target = /dev/ram0", "target = /dev/loop0", "h.conf:30: target: '/dev/loop0' cannot" },
        { "    net eth0 {", "    disk xvdc {\n backend = dd\n target = /dev/ram0\n mode = ro\n }\n"
          "    net eth0 {", "h.conf:34: target: /dev/ram0 is served to the disk in line 28 too, and "
          "one of them writes; give each" },
        { "target = /dev/ram0", "target = /dev/ram0\n format = qcow2", "h.conf:31: format: a qcow2 image is a file in a "
          "device's file system; write target = /dev/NAME:/PATH" },
        { "target = /dev/ram0", "target = /dev/ram0:/x\n format = vmdk", "h.conf:31: format: there is no 'vmdk'" },
        { "target = /dev/ram0\n", "target = /dev/ram0:/x\n mode = ro\n    }\n    disk xvdc {\n backend = dd\n mode = ro\n "
          "format = qcow2\n target = /dev/ram0:/x\n", "h.conf:37: target: /dev/ram0:/x is served to the disk in line 28 in "
          "another format; give both the same one" },
        { "        mac =", "        mode = nat\n        mac =",
          "h.conf:34: mode: nat needs to know the domain's address; add ip = A.B.C.D" },
        { "        mac =", "        mode = nta\n        mac =",
          "h.conf:34: mode: there is no 'nta'; did you mean 'nat'" },
        { "        mac =", "        vlan = 1\n        mac =",
          "h.conf:34: vlan: 1 is out of range; write a number from 2 to 4094" },
        { "        mac =", "        mode = route\n        ip = 10.0.0.2\n        vlan = 9\n        mac =",
          "h.conf:36: vlan: a VLAN belongs to a bridge; remove this, or write mode = bridge" },
        { "        mac =", "        rate = 100\n        mac =",
          "h.conf:34: rate: '100' is not a rate; write a number and Kb/s" },
        { "        mac =", "        rate = 1Kb/s\n        mac =",
          "h.conf:34: rate: 1Kb/s is out of range; write a rate from 64Kb/s" },
        { "    net eth0 {", "    net eth1 {\n backend = dd\n ip = 10.0.0.2\n }\n    net eth0 {\n"
          "        ip = 10.0.0.2\n", "h.conf:37: ip: 10.0.0.2 is the address of the interface in "
          "line 32 too; choose another" },
        { "memory = 1G", "memory = 1T", "h.conf:3: memory: '1T' has an unknown unit; write" },
        { "memory = 1G", "memory = 200M",
          "h.conf:3: memory: 200M is out of range; write an amount from 256M" },
        { "memory = 1G", "memory = 300M", "h.conf:3: memory: the domains need 208M and the "
          "hypervisor keeps 96M, which is more than the host's 300M; raise it to 304M" },
        { "memory = 16M", "memory = 16385K",
          "h.conf:11: memory: 16385K is not a whole number of 4 KiB pages; write 16388K" },
        { "memory = 16M", "memory = 2M", "h.conf:11: memory: 2M is out of range; write an amount "
          "from 4M" },
        { "memory = 16M", "memory = 16M\n max-memory = 8M",
          "h.conf:11: memory: 16384K is more than this domain's max-memory of 8192K; raise" },
        { "tpm = tis", "tpm = tsi", "h.conf:4: tpm: there is no 'tsi'; did you mean 'tis'?" },
        { "tpm = tis", "tpm = none", "h.conf:18: tpm: the host says tpm = none; remove this" },
        { "cpus = 2", "cpus = 65", "h.conf:27: cpus: 65 is out of range; write a number from 1 "
          "to 64" },
        { "cpus = 2", "cpus = many", "h.conf:27: cpus: 'many' is not a whole number; write" },
        { "cpus = 2", "cpus = 2\n cpus = 3", "h.conf:28: cpus: given twice, first in line 27" },
        { "cpus = 2", "cpus = 2, 3", "h.conf:27: cpus: 2 values where one is expected" },
        { "cpus = 2", "cpus = 2 3", "h.conf:27: cpus: one value expected, '3' follows it" },
        { "cpus = 2", "cpus =", "h.conf:27: cpus: a value is missing; write cpus = VALUE" },
        { "cpus = 2", "cpus 2", "h.conf:27: cpus: neither a section nor a value; write" },
        { "cpus = 2", "cpus = $2", "h.conf:27: '$' has no meaning here; put the value in quotes" },
        { "serial = all", "serial = nobody", "h.conf:39: serial: there is no role 'nobody'; add" },
        { "10.0.0.4/24", "10.0.0.4", "h.conf:40: address: an IPv4 address with its bits, and" },
        { "10.0.0.4/24", "10.0.0.4/33", "h.conf:40: address: an IPv4 address with its bits, and" },
        { ", 10.0.0.1", ", 10.0.0.256", "h.conf:40: address: an IPv4 address with its bits, and" },
        { "operator one", "operator all", "h.conf:47: all: a role of this name is in line 42" },
        { "operator one", "operator o-ne", "h.conf:47: operator: 'o-ne' is not a role's name" },
        { "= carol", "= bob", "h.conf:48: subjects: 'bob' has the role 'all' already" },
        { "= alice, bob", "= bob, bob", "h.conf:43: subjects: 'bob' has the role 'all' already" },
        { "= carol", "= \"c d\"", "h.conf:48: subjects: 'c d' is no name for a certificate" },
        { "may = restart", "may = reboot", "h.conf:49: may: 'reboot' is nothing an operator may" },
        { "    may = restart\n", "", "h.conf:47: one: the key 'may' is missing; add" },
        { "domains = dd", "domains = dx", "h.conf:50: domains: there is no domain 'dx'; name" },
        { "control {\n", "control {\n}\ncontrol {\n", "h.conf:39: control: a second control section" },
        { "control {\n", "attest {\nca = c\naddress = 10.0.0.5/24\n}\ncontrol {\n", "h.conf:37: attest: there is no domain of kind attest with" },
        { "control {\n", "attest {\naddress = 10.0.0.5/24\n}\ncontrol {\n", "h.conf:37: attest: the key 'ca' is missing; add" },
        { "control {\n", "attest {\nca = c\n}\nattest {\nca = c\n}\ncontrol {\n", "h.conf:40: attest: a second attest section" },
        { "control {\n", "attest {\nca = c\naddress = 10.0.0.5\n}\ncontrol {\n", "h.conf:39: address: an IPv4 address with its" },
        { "id = 5", "id = 2", "h.conf:22: id: domid 2 is taken by 'dd' in line 14; choose" },
        { "id = 5", "id = 0", "h.conf:22: id: 0 is out of range; write a number from 1 to 32751" },
        { "domain guest", "domain dd2", NULL },
        { "domain guest", "domain store",
          "h.conf:21: store: a domain of this name is in line 6 already; choose another name" },
        { "domain guest", "domain Guest", "h.conf:21: domain: 'Guest' is not a name; write" },
        { "kind = guest", "kind = gest",
          "h.conf:23: kind: there is no kind 'gest' in the policy; did you mean 'guest'? "
          "Possible: driver, guest, xenstore" },
        { "kernel = debian", "kernel = deban",
          "h.conf:16: kernel: 'deban' names no kernel; write debian, stubdom:NAME or file:PATH" },
        { "backend = dd", "backend = d",
          "h.conf:29: backend: there is no domain 'd'; did you mean 'dd'?" },
        { "backend = dd", "backend = nowhere",
          "h.conf:29: backend: there is no domain 'nowhere'; add it, or name one of this file" },
        { "backend = dd", "backend = guest", "h.conf:29: backend: a domain cannot serve itself" },
        { "backend = dd", "backend = store",
          "h.conf:29: backend: 'store' serves XenStore and nothing else; name a driver" },
        { "disk xvdb2", "disk sda", "h.conf:28: disk: 'sda' is not a disk's name; write xvda" },
        { "disk xvdb2", "disc xvdb2",
          "h.conf:28: disc: there is no such section in a domain; did you mean 'disk'?" },
        { "net eth0", "net eth00", "h.conf:32: net: 'eth00' is not an interface's name; write" },
        { "mac = 00", "mac = 01", "h.conf:34: mac: 01:16:3e:aa:bb:cc is a group address; make" },
        { "mac = 00:", "mac = ", "h.conf:34: mac: '16:3e:aa:bb:cc' is not a hardware address; "
          "write six" },
        { "    cpus = 2", "    net eth1 {\n backend = dd\n mac = 00:16:3e:aa:bb:cc\n }\n",
          "mac: 00:16:3e:aa:bb:cc is the address of the interface in line 27 too; choose" },
        { "    cpus = 2", "    disk xvdb2 {\n backend = dd\n target = x\n }\n",
          "h.conf:32: xvdb2: this domain has a disk of this name in line 27; choose another" },
        { "ioports = 0x2f8-0x2ff", "ioports = 0x3f8-0x3ff",
          "h.conf:19: ioports: 0x3f8-0x3ff meets the ports of the hypervisor's console" },
        { "ioports = 0x2f8-0x2ff", "ioports = 0x2ff-0x2f8",
          "h.conf:19: ioports: '0x2ff-0x2f8' is not a range of ports; write FIRST-LAST" },
        { "cpus = 2", "ioports = 0x2fc", "h.conf:27: ioports: 0x2fc-0x2fc is given to 'dd' in "
          "line 19 too; a port has one owner" },
        { "ioports = 0x2f8-0x2ff", "pci = 00:03.0\n pci-later = 00:04.0, 00:03.0", "h.conf:20: pci-later: domain dd has 00:03.0 from "
          "its start (line 19); name it in one way" },
        { "ioports = 0x2f8-0x2ff", "pci-later = none", "h.conf:19: pci-later: 'none' is not a PCI function; write" },
        { "cpus = 2", "tpm = yes", "h.conf:27: tpm: 'dd' has the TPM already, line 18; remove" },
        { "    function = xenstore\n", "", "h.conf:20: guest: has disks or interfaces, which find "
          "each other through XenStore, but no domain serves it; add" },
        { "    kernel = debian", "    function = xenstore\n    kernel = debian",
          "h.conf:16: function: 'store' serves XenStore already, line 9; remove one" },
        { "a=\\\"b\\\"", "a=\\n", "h.conf:25: a \\ in a string stands before \" or \\ only" },
        { "a=\\\"b\\\"\"", "", "h.conf:25: the string does not end on its line; add" },
        { "a=\\\"b\\\"", "\xc3\xa9", "h.conf:25: cmdline: byte 14 is 0xc3, not printable ASCII" },
        { "domain dd {", "foo = 1\ndomain dd {",
          "h.conf:13: foo: outside of any section; put it into host { }" },
        { "domain dd {", "}\ndomain dd {", "h.conf:13: this } closes nothing; remove it" },
        { "    }\n}\n", "    }\n", "h.conf:21: domain: the section is not closed; add a } for" },
        { "host {", "hots {", "h.conf:1: hots: there is no such section; did you mean 'host'?" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct diag diag = { 0 };
        char *text = changed(cases[i].from, cases[i].to);
        bool result = parse(text, &diag);

        if (cases[i].message == NULL) {
            if (!result) {
                fail_msg("case %zu '%s': refused: %s", i, cases[i].to, diag.text.data);
            }
        } else {
            if (result || diag.error_count == 0) {
                fail_msg("case %zu '%s': no mistake found", i, cases[i].to);
            }
            if (strstr(diag.text.data, cases[i].message) == NULL) {
                fail_msg("case %zu '%s': expected\n%s\ngot\n%s", i, cases[i].to, cases[i].message,
                         diag.text.data);
            }
        }
        free(text);
        diag_free(&diag);
        host_free(&host);
    }
}

static void host_parse_cut_anywhere_is_is_refused_unless_whole(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(good) - 2; len++) {
        struct diag diag = { 0 };
        uint8_t *copy = malloc(len != 0 ? len : 1); /* its own block: a byte too many is seen */
        int depth = 0;

        assert_non_null(copy);
        memcpy(copy, good, len);
        bool result = host_parse(&host, "h.conf", copy, len, kinds, 3, &diag);

        for (size_t i = 0; i < len; i++) {
            depth += copy[i] == '{' ? 1 : copy[i] == '}' ? -1 : 0;
        }
        assert_int_equal(result, diag.error_count == 0);
        assert_false(result && (depth != 0 || len < 100)); /* a whole domain less is no mistake */
        free(copy);
        diag_free(&diag);
        host_free(&host);
    }
}

static void host_parse_any_byte_does_not_break(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (unsigned int round = 0; round < 3000; round++) {
        struct diag diag = { 0 };
        char copy[sizeof(good)];

        memcpy(copy, good, sizeof(good));
        for (unsigned int n = 0; n < 3; n++) {
            seed = seed * 1664525u + 1013904223u;
            copy[(seed >> 8) % (sizeof(good) - 1)] = (char)(seed >> 24);
        }
        bool result = host_parse(&host, "h.conf", (const uint8_t *)copy, sizeof(copy) - 1, kinds,
                                 3, &diag);

        assert_int_equal(result, diag.error_count == 0);
        diag_free(&diag);
        host_free(&host);
    }
}

static void host_keys_are_all_in_the_manual(void **state)
{
    const struct host_key_name *names;
    size_t count = host_key_names(&names);
    struct diag diag = { 0 };
    struct buf manual = { 0 };

    (void)state;
    assert_true(file_load("docs/host.conf.md", &manual, &diag));
    for (size_t i = 0; i < count; i++) {
        char *row = bh_printf("| `%s` |", names[i].key);

        if (strstr(manual.data, row) == NULL) {
            fail_msg("docs/host.conf.md does not explain '%s' of '%s'", names[i].key,
                     names[i].section);
        }
        free(row);
    }
    buf_free(&manual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_parse_good_fills_all),
        cmocka_unit_test(operators_become_rules_and_a_file),
        cmocka_unit_test(functions_become_rules),
        cmocka_unit_test(host_parse_mistake_is_named),
        cmocka_unit_test(host_parse_cut_anywhere_is_is_refused_unless_whole),
        cmocka_unit_test(host_parse_any_byte_does_not_break),
        cmocka_unit_test(host_keys_are_all_in_the_manual),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
