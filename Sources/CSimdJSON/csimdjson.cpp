#include "csimdjson.h"

#include <cstring>
#include <new>
#include <type_traits>

#include <simdjson.h>

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

struct csj_parser {
  simdjson::dom::parser parser;
};

namespace {

// simdjson's elements and iterators are a document pointer and an index; they pass through C as those two words.
template <typename T> csj_value packed(const T &place) {
  static_assert(sizeof(T) == sizeof(csj_value) && std::is_trivially_copyable<T>::value, "two words");
  csj_value value;
  std::memcpy(&value, static_cast<const void *>(&place), sizeof value);
  return value;
}

template <typename T> T unpacked(const csj_value &value) {
  static_assert(sizeof(T) == sizeof(csj_value) && std::is_trivially_copyable<T>::value, "two words");
  T place;
  std::memcpy(static_cast<void *>(&place), &value, sizeof value);
  return place;
}

} // namespace

size_t csj_padding(void) { return simdjson::SIMDJSON_PADDING; }

csj_parser *csj_parser_new(void) { return new (std::nothrow) csj_parser; }

void csj_parser_free(csj_parser *parser) { delete parser; }

int csj_parse(csj_parser *parser, const uint8_t *text, size_t length, csj_value *root) {
  element place;
  auto error = parser->parser.parse(text, length, false).get(place);
  if (error) { return error; }
  *root = packed(place);
  return simdjson::SUCCESS;
}

const char *csj_error_message(int code) {
  return simdjson::error_message(static_cast<simdjson::error_code>(code));
}

csj_kind csj_kind_of(csj_value value) {
  switch (unpacked<element>(value).type()) {
  case element_type::ARRAY: return CSJ_ARRAY;
  case element_type::OBJECT: return CSJ_OBJECT;
  case element_type::INT64: return CSJ_INTEGER;
  case element_type::UINT64: return CSJ_UNSIGNED;
  case element_type::DOUBLE: return CSJ_DOUBLE;
  case element_type::STRING: return CSJ_STRING;
  case element_type::BOOL: return CSJ_BOOL;
  case element_type::NULL_VALUE: return CSJ_NULL;
  }
  return CSJ_NULL;
}

bool csj_bool(csj_value value) {
  bool answer = false;
  return unpacked<element>(value).get_bool().get(answer) ? false : answer;
}

int64_t csj_integer(csj_value value) {
  int64_t number = 0;
  return unpacked<element>(value).get_int64().get(number) ? 0 : number;
}

uint64_t csj_unsigned(csj_value value) {
  uint64_t number = 0;
  return unpacked<element>(value).get_uint64().get(number) ? 0 : number;
}

double csj_double(csj_value value) {
  double number = 0;
  return unpacked<element>(value).get_double().get(number) ? 0 : number;
}

const char *csj_string(csj_value value, size_t *length) {
  std::string_view text;
  if (unpacked<element>(value).get_string().get(text)) { text = ""; }
  *length = text.size();
  return text.data();
}

size_t csj_find(csj_value value, const char *name, size_t length, csj_value *found) {
  object members;
  if (unpacked<element>(value).get_object().get(members)) { return 0; }
  size_t count = 0;
  for (auto member = members.begin(); member != members.end(); ++member) {
    if (member.key_length() != length || std::memcmp(member.key_c_str(), name, length) != 0) { continue; }
    if (count == 0) { *found = packed(member.value()); }
    count++;
  }
  return count;
}

csj_children csj_children_of(csj_value value) {
  csj_children children = {value, value, false};
  element place = unpacked<element>(value);
  array items;
  object members;
  if (!place.get_array().get(items)) {
    children.next = packed(items.begin());
    children.end = packed(items.end());
  } else if (!place.get_object().get(members)) {
    children.next = packed(members.begin());
    children.end = packed(members.end());
    children.is_object = true;
  }
  return children;
}

bool csj_next(csj_children *children, csj_value *child, const char **name, size_t *name_length) {
  *name = nullptr;
  *name_length = 0;
  if (children->next.index == children->end.index) { return false; }
  if (children->is_object) {
    auto member = unpacked<object::iterator>(children->next);
    *name = member.key_c_str();
    *name_length = member.key_length();
    *child = packed(member.value());
    children->next = packed(++member);
  } else {
    auto item = unpacked<array::iterator>(children->next);
    *child = packed(*item);
    children->next = packed(++item);
  }
  return true;
}
