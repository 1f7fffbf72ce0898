# SPDX-License-Identifier: Apache-2.0
# Third-party libraries, all from Debian 12. Which folder may use which: docs/adr/0002-libraries.md.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(MOSQUITTO REQUIRED IMPORTED_TARGET libmosquitto)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)
add_library(mosquitto ALIAS PkgConfig::MOSQUITTO)
add_library(sodium ALIAS PkgConfig::SODIUM)
add_library(zstd ALIAS PkgConfig::ZSTD)
add_library(tomlplusplus::tomlplusplus ALIAS PkgConfig::TOMLPLUSPLUS)

# Asio and Beast are compiled once, not in every file that uses them.
add_library(bmsgate_boost STATIC ${CMAKE_SOURCE_DIR}/cmake/boost_impl.cpp)
target_compile_definitions(bmsgate_boost PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_compile_options(bmsgate_boost PRIVATE -w)
target_link_libraries(bmsgate_boost PUBLIC Boost::headers Threads::Threads OpenSSL::SSL)
