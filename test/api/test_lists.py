# SPDX-License-Identifier: ISC
"""Lists: pages by marker and limit, order, filters, chosen members; the clients' ways of walking through them."""
import pytest

from support import V3, send

NAMES = ["alpha", "beta", "gamma delta", "beta", "x,y", "émile", "ALPHA"]


@pytest.fixture(scope="module")
def listed(world):
    """A project with seven interfaces; their ids in the order of creation."""
    tenant = world.tenant()
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    tenant.ids = [tenant.interface(line, gateway, 100 + number, name=name, bandwidth=50 - number,
                                   local_gateway_v4_ip="192.0.2.%d/30" % (number * 4 + 1),
                                   remote_gateway_v4_ip="192.0.2.%d/30" % (number * 4 + 2),
                                   remote_ep_group=["192.168.%d.0/24" % number])["id"] for number, name in enumerate(NAMES)]
    tenant.line, tenant.vgw = line, gateway
    return tenant


def ask(tenant, query="", status=200):
    answer = send(tenant, "GET", V3 + "virtual-interfaces" + query)
    assert answer.status == status, answer
    return answer


def ids(tenant, query=""):
    return [row["id"] for row in ask(tenant, query)["virtual_interfaces"]]


def test_everything_is_listed_in_the_order_of_creation(listed):
    answer = ask(listed)
    assert [row["id"] for row in answer["virtual_interfaces"]] == listed.ids
    assert answer["page_info"] == {"next_marker": None, "previous_marker": listed.ids[0], "current_count": 7}
    assert all(len(row["vif_peers"]) == 1 and row["vif_peers"][0]["vif_id"] == row["id"]
               for row in answer["virtual_interfaces"])
    assert ask(listed)["virtual_interfaces"] == [listed.show("virtual-interfaces/" + one) for one in listed.ids]


def test_an_empty_list_is_a_list(world):
    answer = ask(world.tenant())
    assert answer["virtual_interfaces"] == []
    assert answer["page_info"] == {"next_marker": None, "previous_marker": None, "current_count": 0}


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 2000])
def test_pages_follow_the_next_marker(listed, limit):
    seen, query = [], "?limit=%d" % limit
    for _ in range(10):
        answer = ask(listed, query)
        page = [row["id"] for row in answer["virtual_interfaces"]]
        assert len(page) <= limit and answer["page_info"]["current_count"] == len(page)
        seen += page
        if answer["page_info"]["next_marker"] is None:
            break
        query = "?limit=%d&marker=%s" % (limit, answer["page_info"]["next_marker"])
    assert seen == listed.ids


def test_a_marker_works_without_limit_until_a_page_is_empty(listed):
    """As Terraform walks."""
    assert ids(listed, "?marker=" + listed.ids[2]) == listed.ids[3:]
    assert ids(listed, "?marker=" + listed.ids[-1]) == []


@pytest.mark.parametrize("key, of", [("name", lambda row: row["name"]), ("vlan", lambda row: row["vlan"]),
                                     ("bandwidth", lambda row: row["bandwidth"]), ("id", lambda row: row["id"])])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_lists_are_sorted_and_paged_in_that_order(listed, key, of, direction):
    rows = ask(listed, "?sort_key=%s&sort_dir=%s" % (key, direction))["virtual_interfaces"]
    values = [of(row) for row in rows]
    assert values == sorted(values, reverse=direction == "desc")
    walked, marker = [], ""
    while True:
        page = ids(listed, "?sort_key=%s&sort_dir=%s&limit=2%s" % (key, direction, marker))
        if not page:
            break
        walked += page
        marker = "&marker=" + page[-1]
    assert walked == [row["id"] for row in rows]


@pytest.mark.parametrize("query, numbers", [
    ("?name=beta", [1, 3]), ("?name=alpha&name=beta", [0, 1, 3]), ("?name=alpha,beta", [0, 1, 3]), ("?name=nobody", []),
    ("?name=gamma%20delta", [2]), ("?name=%C3%A9mile", [5]), ("?name=ALPHA", [6]), ("?name=beta&status=ACTIVE", []),
    ("?name=beta&status=PENDING_CREATE", [1, 3]), ("?status=PENDING_CREATE", range(7)), ("?status=ACTIVE", []),
    ("?status=ACTIVE&status=PENDING_CREATE", range(7)), ("?direct_connect_id=$line", range(7)), ("?vgw_id=$vgw", range(7)),
    ("?vgw_id=0d7e2c1a-5f3b-4a59-8a6e-3f2b1c0d9e8f", []), ("?id=$0&id=$4", [0, 4]), ("?id=$0&name=beta", []),
    ("?enterprise_project_id=0", range(7)), ("?unknown=5", range(7)), ("?name=beta&limit=1", [1]), ("?marker=", range(7))])
def test_lists_are_filtered(listed, query, numbers):
    query = query.replace("$line", listed.line).replace("$vgw", listed.vgw)
    for number in range(7):
        query = query.replace("$%d" % number, listed.ids[number])
    assert ids(listed, query) == [listed.ids[number] for number in numbers]


@pytest.mark.parametrize("query", [
    "?limit=0", "?limit=-1", "?limit=2001", "?limit=x", "?limit=", "?limit=1.5", "?limit=99999999999999999999", "?marker=x",
    "?marker=' OR 1=1", "?sort_dir=up", "?sort_key=bgp_md5", "?sort_key=nothing", "?sort_key=id;DROP TABLE", "?fields=nothing",
    "?fields=id,name,vlan,status,type,vgw_id", "?status=WRONG", "?id=x", "?vgw_id=5"])
def test_a_wrong_parameter_is_refused_and_named(listed, query):
    answer = ask(listed, query.replace(" ", "%20"), 400)
    assert answer["error_code"] == "DC.0001" and query[1:].split("=")[0] in answer["error_msg"]


def test_only_the_wanted_members_are_returned_and_the_id_always(listed):
    rows = ask(listed, "?fields=name&fields=vlan")["virtual_interfaces"]
    assert [set(row) for row in rows] == [{"id", "name", "vlan"}] * 7
    assert set(ask(listed, "?fields=name,vlan,vif_peers&limit=1")["virtual_interfaces"][0]) == {"id", "name", "vlan", "vif_peers"}


@pytest.mark.parametrize("query", ["?fields=name&fields=vlan", "?fields=name,vlan", "?fields=vlan,id,name"])
def test_one_interface_can_be_read_in_part_too(listed, query):
    answer = send(listed, "GET", V3 + "virtual-interfaces/" + listed.ids[1] + query)
    assert answer.status == 200
    assert answer["virtual_interface"] == {"id": listed.ids[1], "name": "beta", "vlan": 101} and answer["request_id"]


@pytest.mark.parametrize("query", ["?fields=nothing", "?fields=", "?fields=id,name,vlan,status,type,vgw_id"])
def test_a_member_that_there_is_not_cannot_be_chosen(listed, query):
    answer = send(listed, "GET", V3 + "virtual-interfaces/" + listed.ids[1] + query)
    assert (answer.status, answer["error_code"]) == (400, "DC.0001") and "fields" in answer["error_msg"]


def test_an_empty_sort_key_is_none(listed):
    """The contract's shortest one has no character."""
    assert ids(listed, "?sort_key=&sort_dir=desc") == listed.ids[::-1]


@pytest.mark.parametrize("path, plural", [("virtual-gateways", "virtual_gateways"), ("direct-connects", "direct_connects"),
                                          ("direct-connect-locations", "direct_connect_locations")])
def test_the_other_lists_page_the_same_way(world, listed, path, plural):
    answer = listed.get(V3 + path + "?limit=1")
    assert len(answer[plural]) == 1 and answer["page_info"]["current_count"] == 1
    last = answer[plural][-1]["id"]
    assert last not in [row["id"] for row in listed.get(V3 + path + "?marker=" + last)[plural]]


def test_operators_lists_page_too(world, listed):
    seen, query = [], "?limit=2"
    while True:
        answer = world.operator.get("/dcaas/v1/ports" + query)
        seen += [row["id"] for row in answer["ports"]]
        if answer["page_info"]["next_marker"] is None:
            break
        query = "?limit=2&marker=" + answer["page_info"]["next_marker"]
    assert len(seen) == len(set(seen)) == len(world.operator.get("/dcaas/v1/ports")["ports"])


@pytest.mark.parametrize("query", ["sort_key=name", "sort_key=name&sort_dir=desc", "sort_key=name&page_reverse=true"])
def test_a_marker_whose_item_is_gone_has_no_place_in_another_order(tenant, query):
    """By id the list continues; by another member nobody knows where: an empty page would end the list in silence."""
    made = [tenant.gateway(name="n%d" % n)["id"] for n in range(3)]
    tenant.delete(V3 + "virtual-gateways/" + made[1])
    assert [g["id"] for g in tenant.get(V3 + "virtual-gateways?marker=" + made[1])["virtual_gateways"]] == [made[2]]
    assert [g["id"] for g in tenant.get(V3 + "virtual-gateways?sort_key=id&marker=" + made[1])["virtual_gateways"]] == [made[2]]
    answer = send(tenant, "GET", V3 + "virtual-gateways?%s&marker=%s" % (query, made[1]))
    assert (answer.status, answer["error_code"]) == (400, "DC.0001"), answer
    assert made[1] in answer["error_msg"] and "marker" in answer["error_msg"]
    foreign = tenant.world.tenant().gateway()["id"]  # is not there for this project, either
    answer = send(tenant, "GET", V3 + "virtual-gateways?%s&marker=%s" % (query, foreign))
    assert (answer.status, answer["error_code"]) == (400, "DC.0001"), answer


def test_locations_are_filtered_by_status(world, tenant):
    def found(query):
        return [one["id"] for one in tenant.get(V3 + "direct-connect-locations" + query)["direct_connect_locations"]]

    everything = found("")
    assert world.location in everything
    assert tenant.show("direct-connect-locations/" + world.location)["status"] == "ACTIVE"
    assert found("?status=ACTIVE") == everything and found("?status=DOWN&status=ACTIVE") == everything
    assert found("?status=DOWN") == [] and found("?status=DOWN&id=" + world.location) == []
    assert found("?status=ACTIVE&id=" + world.location) == [world.location]
